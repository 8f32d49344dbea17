"""What kinds of jobs are called, and what schedules are for."""

from __future__ import annotations

from collections.abc import Mapping

from tenfold.kernel.language import mark, say

KINDS: Mapping[str, str] = {
    "import": mark("Import"),
    "undo": mark("Undo"),
    "import.tidy": mark("Tidying of import files"),
    "members.hand_over": mark("Hand-over"),
    "tags.replace": mark("Change of a tag"),
    "members.follow": mark("Records following their owner"),
    "secrets.reseal": mark("Sealing of secrets"),
    "mail.send": mark("Letter"),
    "identity.link": mark("Letter with a link"),
    "identity.email": mark("Letter about an address"),
    "identity.sprayed": mark("Look for attacks on accounts"),
    "identity.locked": mark("Letter about a locked account"),
    "housekeeping.partitions": mark("Preparing of the change log"),
    "housekeeping.forget": mark("Deleting of what is over"),
}
SCHEDULES: Mapping[str, str] = {
    "sprayed": mark("Look for attacks on accounts"),
    "import files": mark("Tidying of import files"),
    "partitions": mark("Preparing of the change log"),
    "forget": mark("Deleting of what is over"),
}
STATES: Mapping[str, tuple[str, str]] = {
    "pending": ("grey", mark("Waits")),
    "processing": ("blue", mark("Runs")),
    "completed": ("green", mark("Done")),
    "failed": ("red", mark("Failed")),
    "cancelled": ("grey", mark("Cancelled")),
}


def called(name: str) -> str:
    """What people read for a kind of job."""
    return say(KINDS[name]) if name in KINDS else name


def scheduled(name: str) -> str:
    """What people read for a schedule."""
    return say(SCHEDULES[name]) if name in SCHEDULES else name


def state(name: str) -> tuple[str, str]:
    """The hue and the word of a state."""
    hue, word = STATES[name]
    return hue, say(word)
