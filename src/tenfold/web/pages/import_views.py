"""Imports, bulk edits and undos as their pages show them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any
from uuid import UUID

import msgspec

from tenfold.engine import batches
from tenfold.engine.batches import Batch
from tenfold.engine.definition import Definition
from tenfold.exchange.import_files import ImportFiles
from tenfold.exchange.import_state import SKIPPED, Counts, State, state_of
from tenfold.exchange.jobs import Undoing
from tenfold.exchange.refusals import PLACE_LABELS
from tenfold.exchange.standing import UNFINISHED
from tenfold.kernel.language import mark, say, say_n, within
from tenfold.web.pages import cells, import_kept, words
from tenfold.web.pages.cells import Cell
from tenfold.web.pages.filters import address
from tenfold.web.pages.frame import Guest
from tenfold.web.pages.import_kept import Kept

_REFUSED_SHOWN = 20
# A field at the beginning of a sentence of a refusal: `last_name: is required.`
_NAMED = re.compile(r"(?:^|(?<=\. ))([a-z][a-z0-9_]*): ")
_HUES = {"pending": "grey", "processing": "blue", "failed": "red"}
_DONE = mark("Done")
_STATES = {"pending": mark("Waiting"), "processing": mark("Running"), "failed": mark("Stopped")}
_ICONS = {
    batches.IMPORT: "file-up",
    batches.BULK: "list-checks",
    batches.UNDO: "undo-2",
    batches.HAND_OVER: "handshake",
    batches.SAMPLE: "sparkles",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One batch in the list."""

    href: str
    title: str
    icon: str
    what: str
    who: Cell
    when: Cell
    state: Cell
    undo: str = ""
    other: Link | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """Another batch: what this one took back, or what took this one back."""

    href: str
    label: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A number and what it counts."""

    number: str
    label: str
    hue: str = ""


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that was not imported: its line, why, and what it held."""

    line: str
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class SkippedCell:
    """A cell that its row came in without: its line, column and text."""

    line: str
    column: str
    text: str


@dataclass(frozen=True, slots=True)
class BatchView:
    """One batch with what became of it and what can be done about it."""

    path: str
    title: str
    icon: str
    what: str
    who: Cell
    when: Cell
    state: Cell
    running: bool
    stop: str
    """Where an import that runs is stopped."""
    done: int
    total: int
    progress: str
    figures: tuple[Figure, ...]
    notes: tuple[str, ...]
    error: str
    refused: tuple[RefusedRow, ...]
    refused_count: int
    skipped: tuple[SkippedCell, ...]
    more_skipped: bool
    place: str
    records: str
    records_label: str
    undo: str
    undo_says: str
    undone: str
    columns: str
    begin: str
    step: int = 0
    undoes: Link | None = None
    kept: Kept | None = None
    """What this undo kept."""
    keeps: Kept | None = None
    """What an undo of this would keep."""


def entry(guest: Guest, batch: Batch, eyes: cells.Reader) -> Entry:
    """A batch as a line of the list."""
    title, what = named(guest, batch)
    if batch.kind == batches.UNDO:
        what = ""  # what it took back stands there
    return Entry(
        f"/imports/{batch.id}",
        title,
        _ICONS.get(batch.kind, "file"),
        what,
        cells.person_cell(batch.actor_id, eyes),
        cells.moment_cell(batch.created_at, eyes),
        state_cell(batch),
        f"/imports/{batch.id}#undo" if undoable(batch) else "",
        _undoes(batch) or _undone(batch),
    )


def _undoes(batch: Batch) -> Link | None:
    """What a batch took back."""
    if batch.kind != batches.UNDO:
        return None
    undo = msgspec.convert(batch.summary, Undoing)
    return Link(f"/imports/{undo.undoes}", undo.name or say("What it took back"))


def _undone(batch: Batch) -> Link | None:
    """What took a batch back."""
    return Link(f"/imports/{batch.undone_by}", say("Its undo")) if batch.undone_by else None


def undoable(batch: Batch) -> bool:
    """Whether a batch has changed anything that can be taken back, as far as it tells."""
    if batch.undone_by is not None or batch.status in UNFINISHED:
        return False
    return batch.kind != batches.IMPORT or not state_of(batch.summary).options.dry_run


def named(guest: Guest, batch: Batch) -> tuple[str, str]:
    """What a batch is called, and in words what it did."""
    types = _types(guest, batch)
    if batch.kind == batches.IMPORT:
        state = state_of(batch.summary)
        if state.options.dry_run:
            return state.filename, say("Trial import of %(types)s", types=types)
        return state.filename, say("Import of %(types)s", types=types)
    if batch.kind == batches.UNDO:
        undone = {
            batches.IMPORT: say("Undo of an import"),
            batches.BULK: say("Undo of a bulk edit"),
            batches.HAND_OVER: say("Undo of a hand-over"),
            batches.SAMPLE: say("Undo of the sample data"),
        }
        kind = msgspec.convert(batch.summary, Undoing).kind
        what = say("Undo in %(types)s", types=types)
        return undone.get(kind) or say("Undo of an undo"), what
    if batch.kind == batches.HAND_OVER:
        return say("Hand-over of %(types)s", types=types), say("Hand-over")
    if batch.kind == batches.SAMPLE:
        return say("Sample data"), say("Sample data")
    written = batch.summary.get("written")
    if not isinstance(written, int):
        return say("Bulk edit of some %(types)s", types=types), say("Bulk edit")
    count = words.number(written)
    return say("Bulk edit of %(n)s %(types)s", n=count, types=types), say("Bulk edit")


def _types(guest: Guest, batch: Batch) -> str:
    names = [guest.desk.registry.named(n) for n in batch.type.split(",") if n]
    found = [within(d.label_plural) for d in names if d]
    known = guest.desk.registry.by_name
    found = [within(known[n].label_plural) for n in batch.type.split(",") if n in known] or found
    return ", ".join(dict.fromkeys(found)) or say("records")


def state_cell(batch: Batch) -> Cell:
    """Where a batch stands, as a chip."""
    if batch.undone_by is not None:
        return Cell("chip", say("Undone"), hue="grey")
    if batch.kind == batches.IMPORT and batch.status == "completed":
        state = state_of(batch.summary)
        if state.options.dry_run:
            return Cell("chip", say("Tried"), hue="grey")
        if state.counts.refused:
            return Cell(
                "chip", say("%(n)s refused", n=words.number(state.counts.refused)), hue="amber"
            )
    status = batch.status
    return Cell("chip", say(_STATES.get(status, _DONE)), hue=_HUES.get(status, "green"))


def view(
    guest: Guest,
    batch: Batch,
    eyes: cells.Reader,
    *,
    undo: Mapping[str, Any] | None,
    refused: Sequence[RefusedRow],
    draft: str = "",
) -> BatchView:
    """A batch as its page shows it: what its undo would do, and the draft that it tried."""
    title, what = named(guest, batch)
    done, total, figures, notes, error = _told(batch)
    definition = guest.desk.registry.by_name.get(batch.type)
    state = state_of(batch.summary) if batch.kind == batches.IMPORT else None
    return BatchView(
        path=f"/imports/{batch.id}",
        title=title,
        icon=_ICONS.get(batch.kind, "file"),
        what=what,
        who=cells.person_cell(batch.actor_id, eyes),
        when=cells.moment_cell(batch.created_at, eyes),
        state=state_cell(batch),
        running=batch.status in UNFINISHED,
        stop=f"/imports/{batch.id}/stop" if batch.kind == batches.IMPORT else "",
        done=done,
        total=total,
        progress=_progress(done, total, (eyes.now - batch.created_at).total_seconds()),
        figures=tuple(figures),
        notes=tuple(notes),
        error=error,
        refused=tuple(replace(one, reason=labelled(one.reason, definition)) for one in refused),
        refused_count=state.counts.refused if state else 0,
        skipped=_skipped(state) if state else (),
        more_skipped=state is not None and len(state.skipped) == SKIPPED,
        place=say(PLACE_LABELS[state.place]) if state else "",
        records=_made(definition, batch) if definition else "",
        records_label=definition.label_plural if definition else "",
        undo=_undo_word(batch) if undoable(batch) else "",
        undo_says=_undo_says(undo) if undo is not None else "",
        undone=f"/imports/{batch.undone_by}" if batch.undone_by else "",
        undoes=_undoes(batch),
        columns=f"/imports/{draft}/columns" if draft else "",
        begin=_begin_word(definition, state.counts) if definition and state else "",
        step=0 if state is None else 3 if state.options.dry_run else 4,
        kept=import_kept.kept(guest, batch.summary, eyes) if batch.kind == batches.UNDO else None,
        keeps=import_kept.kept(guest, undo, eyes) if undo is not None else None,
    )


def _progress(done: int, total: int, seconds: float) -> str:
    """How far it is, how quick, and how long it will take as it goes on like this."""
    if not done:
        return ""
    if not total:
        return say("%(n)s so far", n=words.number(done))
    said = say("%(n)s of %(total)s", n=words.number(done), total=words.number(total))
    if seconds < 1:
        return said
    rate = max(1, round(done / seconds))
    quick = say_n("%(n)s row a second", "%(n)s rows a second", rate, n=words.number(rate))
    said = f"{said}, {quick}"
    minutes = round((total - done) / rate / 60)
    left = say_n("about %(n)s minute left", "about %(n)s minutes left", minutes, n=minutes)
    return f"{said}, {left}" if minutes else said


def _made(definition: Definition, batch: Batch) -> str:
    """The list of what a batch made: by whom, and from its beginning to its end."""
    created = definition.fields.get("created_by")
    pairs = [("sort", "-created_at"), ("created_at[gte]", batch.created_at.isoformat())]
    if batch.finished_at is not None:
        pairs.append(("created_at[lte]", batch.finished_at.isoformat()))
    if created is not None and batch.actor_id is not None:
        pairs.append((created.json_name, str(batch.actor_id)))
    return address(f"/{definition.path}", pairs)


def _skipped(state: State) -> tuple[SkippedCell, ...]:
    several = len(state.parts) > 1
    return tuple(
        SkippedCell(
            f"{one.file}, {words.number(one.line)}" if several else words.number(one.line),
            one.column,
            one.text,
        )
        for one in state.skipped
    )


def labelled(reason: str, definition: Definition | None) -> str:
    """Why a row is refused, with its fields called as people know them."""
    labels = {f.json_name: f.label for f in definition.fields.values()} if definition else {}
    return _NAMED.sub(lambda found: f"{labels.get(found[1], found[1])}: ", reason)


def _begin_word(definition: Definition, counts: Counts) -> str:
    """What a real import after a trial is called; empty where it would change nothing."""
    number = counts.created + counts.updated
    if number == 1:
        return say("Import this %(type)s now", type=within(definition.label))
    many = within(definition.label_plural)
    said = {"n": words.number(number), "types": many}
    return say("Import these %(n)s %(types)s now", **said) if number else ""


def _told(batch: Batch) -> tuple[int, int, list[Figure], list[str], str]:
    """How far a batch is, its figures, notes and mistake."""
    if batch.kind == batches.IMPORT:
        state: State = state_of(batch.summary)
        counts = state.counts
        dry = state.options.dry_run
        figures = [
            _figure(counts.created, say("would be new") if dry else say("new"), "green"),
            _figure(counts.updated, say("would change") if dry else say("changed"), "blue"),
            _figure(counts.unchanged, say("the same already")),
            *_skipped_rows(state),
            _figure(counts.refused, say("refused"), "red"),
        ]
        error = _stopped(state) if state.stopped else state.error
        return counts.read, state.total or 0, figures, state.notes(), error
    if batch.kind == batches.UNDO:
        undo = msgspec.convert(batch.summary, Undoing)
        figures = [
            _figure(undo.deleted, say("taken away"), "red"),
            _figure(undo.restored, say("put back"), "green"),
            _figure(undo.kept, say("left as now"), "amber"),
            _figure(undo.gone, say("gone or as before already")),
        ]
        return undo.done, undo.total, figures, [], undo.error
    if batch.kind == batches.HAND_OVER:
        done, total = batch.summary.get("done", 0), batch.summary.get("total", 0)
        stays = sum(batch.summary.get("stays", {}).values())
        figures = [
            _figure(done, say("handed over"), "green"),
            _figure(stays, say("private, stay"), "amber"),
        ]
        return done, total, figures, [], str(batch.summary.get("error") or "")
    written, refused = batch.summary.get("written", 0), batch.summary.get("refused", 0)
    figures = [_figure(written, say("written")), _figure(refused, say("refused"), "red")]
    total, error = batch.summary.get("total", 0), str(batch.summary.get("error") or "")
    return written + refused, total, figures, [], error


def _stopped(state: State) -> str:
    """That somebody ended an import, where it was and what that means."""
    read, total = state.counts.read, state.total
    if total:
        many = {"n": words.number(read), "total": words.number(total)}
        said = say("It was stopped after %(n)s of %(total)s rows.", **many)
    else:
        said = say("It was stopped before it began.")
    if state.options.dry_run or not read:
        became = say("Nothing was stored.")
    else:
        became = say("What came in by then stays; Undo takes it back.")
    return f"{said} {became}"


def _skipped_rows(state: State) -> list[Figure]:
    """How many rows are skipped, where that was chosen."""
    if state.options.existing != "skip":
        return []
    dry = state.options.dry_run
    return [_figure(state.counts.skipped, say("would be skipped") if dry else say("skipped"))]


def _figure(number: int, label: str, hue: str = "") -> Figure:
    """A number with its hue, where it is not zero."""
    return Figure(words.number(number), label, hue if number else "")


def _undo_word(batch: Batch) -> str:
    return say("Undo the undo") if batch.kind == batches.UNDO else say("Undo")


def _undo_says(undo: Mapping[str, Any]) -> str:
    """What taking a batch back would do, in a sentence."""
    if not undo.get("exact"):
        return say(
            "Undo takes back %(records)s; what was edited since is kept.",
            records=_records(undo["records"]),
        )
    shown = {
        "deleted": mark("takes away %(records)s"),
        "restored": mark("puts %(records)s back as before"),
        "kept": mark("leaves %(records)s as now, in part or whole"),
    }
    parts = [say(t, records=_records(undo[name])) for name, t in shown.items() if undo.get(name)]
    if not parts:
        return say("There is nothing left to take back.")
    return say("Undo %(parts)s.", parts=", ".join(parts))


def _records(count: int) -> str:
    return say_n("%(n)s record", "%(n)s records", count, n=words.number(count))


def refused_rows(files: ImportFiles, state: State) -> list[RefusedRow]:
    """The first rows that were refused, with the line and the reason of each."""
    found: list[RefusedRow] = []
    for row in islice(files.refused_rows(state), _REFUSED_SHOWN):
        text = ", ".join(str(v) for v in row.values.values() if v not in (None, "")) or row.raw
        found.append(RefusedRow(words.number(row.number), row.error or "", text[:200]))
    return found


def names_wanted(found: Sequence[Batch]) -> set[UUID]:
    """The people that batches name."""
    return {b.actor_id for b in found if b.actor_id is not None}
