"""The benchmark: one command makes its data, measures the shipped processes and judges the figures.

`python -m bench --help` lists what can be chosen; docs/reference/benchmarks.md says what it means.
"""
