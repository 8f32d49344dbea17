"""Samples of an import: on its way, done with refusals, undone."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tenfold.kernel.language import say
from tenfold.web.pages import cells
from tenfold.web.pages.components import values
from tenfold.web.pages.components.apart import SAMPLE
from tenfold.web.pages.components.values import chip, person
from tenfold.web.pages.import_kept import Kept, Unchanged
from tenfold.web.pages.import_views import BatchView, Figure, Link, RefusedRow, SkippedCell


@dataclass(frozen=True, slots=True)
class Imports:
    """What the section of imports shows."""

    running: BatchView
    done: BatchView
    failed: BatchView


def imports(eyes: cells.Reader) -> Imports:
    """The samples; none asks how far it is, as nothing runs."""
    done = BatchView(
        path=SAMPLE,
        title="people.csv",
        icon="file-up",
        what="Leads",
        who=person("Ada Byron", 3),
        when=values.moment(eyes, minutes=-4),
        state=chip("Done", "green"),
        running=False,
        stop=SAMPLE,
        done=1_250,
        total=1_250,
        progress="",
        figures=(
            Figure("1,204", "made", "green"),
            Figure("38", "changed"),
            Figure("8", "refused", "red"),
        ),
        notes=("The encoding was found to be UTF-8.",),
        error="",
        refused=(RefusedRow("12", "E-mail: this is no address.", "Zoë, Ünal, zoe@"),),
        refused_count=8,
        skipped=(SkippedCell("40", "Budget", "a lot"),),
        more_skipped=False,
        place=say("Row"),
        records=SAMPLE,
        records_label="Leads",
        undo="Undo this import",
        undo_says="1,204 leads are deleted, 38 are as they were.",
        undone="",
        columns="",
        begin="",
        step=4,
    )
    return Imports(
        running=replace(
            done,
            running=True,
            state=chip("Running", "blue"),
            done=400,
            progress="400 of 1,250 rows",
            refused=(),
            skipped=(),
            notes=(),
        ),
        done=done,
        failed=replace(
            done,
            state=chip("Failed", "red"),
            error="The file could not be read to its end.",
            undone=SAMPLE,
            undoes=Link(SAMPLE, "people.csv"),
            kept=Kept((Unchanged(SAMPLE, "Zoë Ünal", ("It was edited since. (Notes)",)),), ""),
            undo="",
            refused=(),
            skipped=(),
            notes=(),
        ),
    )
