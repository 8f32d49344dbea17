"""Automations: when something happens to a record, then steps are taken, each time exactly once.

The way of one: `watching` (a consumer of the change log) or `timing` (the clock) begin its runs,
`running` carries them out, a job at a time. `spec` is what people and packs write, `plan` what is
made of it.
"""

from tenfold.automation.machine import Automations

__all__ = ["Automations"]
