"""Files that were sent to be looked at before they are imported; forgotten ones go after a day."""

from __future__ import annotations

import shutil
from pathlib import Path
from uuid import UUID

import msgspec

from tenfold.exchange.import_files import ImportFiles
from tenfold.exchange.import_state import Options
from tenfold.kernel.clock import now
from tenfold.kernel.errors import NotFound
from tenfold.kernel.language import say

_NOTE = "draft.json"
_KEPT_SECONDS = 86_400


class Draft(msgspec.Struct, frozen=True):
    """An upload that waits for somebody's word: whose it is, its file, and the record type."""

    user: UUID
    filename: str
    stored: str
    kind: str
    options: Options = msgspec.field(default_factory=Options)
    """What was chosen so far."""


def keep(files: ImportFiles, draft: Draft) -> None:
    """Note a stored upload as a draft."""
    (files.folder / _NOTE).write_bytes(msgspec.json.encode(draft))


def find(files: ImportFiles, user: UUID) -> Draft:
    """A person's own draft; NotFound where it is gone, begun already, or somebody else's."""
    try:
        found = msgspec.json.decode((files.folder / _NOTE).read_bytes(), type=Draft)
    except (OSError, msgspec.MsgspecError):
        raise NotFound(say("This upload is gone; send the file again.")) from None
    if found.user != user:
        raise NotFound(say("This upload is gone; send the file again."))
    return found


def begun(files: ImportFiles) -> None:
    """The import of a draft has begun: from now on its files stay."""
    (files.folder / _NOTE).unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Remove the drafts of an organisation that were left lying for a day."""
    oldest = now().timestamp() - _KEPT_SECONDS
    for note in folder.glob(f"*/{_NOTE}"):
        try:
            if note.stat().st_mtime < oldest:
                shutil.rmtree(note.parent, ignore_errors=True)
        except OSError:
            continue
