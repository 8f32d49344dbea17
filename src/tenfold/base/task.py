"""What is to be done, by whom, until when."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from tenfold.engine.declare import ALL, OWN, Record, can, field, index, moment, relation
from tenfold.engine.types import AnyRef, LongText, Ref, User


class Priority(StrEnum):
    """How urgent something is."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class Task(
    Record,
    plural="tasks",
    icon="square-check",
    guide="Write down the next thing to do; it stands on your home page on its day.",
):
    """Something to be done until a moment, about a record or by itself."""

    title: str = field(search="A", title=True, sort=True)
    due_at: datetime | None = field(sort=True, filter=True, help="Until when.")
    done: bool = field(default=False, filter=True)
    done_at: datetime | None = field(help="When it was done.")
    priority: Priority = field(default=Priority.NORMAL, filter=True)
    assignee: User | None = field(filter=True, help="Who is to do it.", handed_over="NOT done")
    about: AnyRef | None = relation(help="The record it belongs to, of any type.")
    contact: Ref | None = relation("contact", back="tasks", on_delete="clear")
    remind_at: datetime | None = field(help="When to remind the assignee.")
    description: LongText | None = field(search="D")

    indexes = [
        index("assignee", "due_at", where="NOT done", name="tasks_assignee_open"),
        index("owner", "due_at"),
    ]
    agenda = [moment("due_at", "task", open={"done": False}, people=["assignee"])]
    # Everybody sees and ticks off tasks, since they pass between teams.
    access = {"member": can(read=ALL, create=True, update=ALL, delete=OWN)}
