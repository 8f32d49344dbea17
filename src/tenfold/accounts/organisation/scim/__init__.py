"""SCIM 2.0 (RFC 7643, 7644): a directory provisions an organisation's people and teams.

Loaded when it is first asked for: its models take a process a second to load.
"""
