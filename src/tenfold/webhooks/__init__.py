"""Webhooks: what changes is sent to other systems, signed (Standard Webhooks), until it got there.

`noticing` (a consumer of the change log) writes messages down, `sending` delivers them, a job at a
time; `endpoints` is what administrators set up.
"""
