"""The records that an undo kept, or would keep, as its page names them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

from tenfold.engine import batches
from tenfold.engine.batches import Batch
from tenfold.engine.undo import shown_to
from tenfold.kernel.language import say, say_n
from tenfold.web.pages import cells, words
from tenfold.web.pages.frame import Guest

_KEPT_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Kept:
    """The first records that an undo keeps, and how many more there are."""

    records: tuple[Unchanged, ...]
    more: str


@dataclass(frozen=True, slots=True)
class Unchanged:
    """A record that an undo leaves as it is, in part or whole, and why."""

    href: str
    label: str
    reasons: tuple[str, ...]


def kept_records(batch: Batch, undo: Mapping[str, Any] | None) -> set[tuple[str, UUID]]:
    """The records that an undo kept, or would keep, as far as they are shown."""
    told = [undo or {}, batch.summary if batch.kind == batches.UNDO else {}]
    return {key for one in told for key in _reasons(one)}


def _reasons(undo: Mapping[str, Any]) -> dict[tuple[str, UUID], list[dict[str, Any]]]:
    """Of the first kept records the reasons of each."""
    found: dict[tuple[str, UUID], list[dict[str, Any]]] = {}
    for one in undo.get("details", []):
        found.setdefault((one["type"], UUID(str(one["id"]))), []).append(one)
    return dict(islice(found.items(), _KEPT_SHOWN))


def kept(guest: Guest, undo: Mapping[str, Any], eyes: cells.Reader) -> Kept | None:
    """What an undo kept, or would keep, by the names of its records; None where that is nothing."""
    found = _reasons(undo)
    if not found:
        return None
    records: list[Unchanged] = []
    for (kind, identity), several in found.items():
        definition = guest.desk.registry.by_name.get(kind)
        labels = {f.json_name: f.label for f in definition.fields.values()} if definition else {}
        told = shown_to(guest.person, guest.desk.registry, several)
        label = eyes.names.get(identity, "") or (definition.label if definition else say("Record"))
        href = f"/{definition.path}/{identity}" if definition else ""
        records.append(Unchanged(href, label, tuple(_reason(one, labels) for one in told)))
    more = undo["kept"] - len(records)
    said = say_n("and %(n)s more", "and %(n)s more", more, n=words.number(more)) if more else ""
    return Kept(tuple(records), said)


def _reason(one: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    """Why a record is kept, with the fields that it is about."""
    fields = [labels.get(name, name.removeprefix("custom.")) for name in one["fields"]]
    reason = say(str(one["reason"]))
    return f"{reason} ({', '.join(fields)})" if fields else reason
