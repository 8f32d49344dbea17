"""Durable jobs in PostgreSQL: enqueued in the caller's transaction, one database effect each."""

from tenfold.jobs.queue import (
    Backlog,
    State,
    Status,
    backlog,
    cancel,
    drop,
    enqueue,
    enqueue_many,
    listing,
    put_off,
    retry,
    status,
)
from tenfold.jobs.registry import (
    GiveUp,
    Handler,
    Job,
    JobCancelled,
    Later,
    LeaseLost,
    Registry,
    job,
)
from tenfold.jobs.schedules import Schedule
from tenfold.jobs.worker import Pace, work

__all__ = [
    "Backlog",
    "GiveUp",
    "Handler",
    "Job",
    "JobCancelled",
    "Later",
    "LeaseLost",
    "Pace",
    "Registry",
    "Schedule",
    "State",
    "Status",
    "backlog",
    "cancel",
    "drop",
    "enqueue",
    "enqueue_many",
    "job",
    "listing",
    "put_off",
    "retry",
    "status",
    "work",
]
