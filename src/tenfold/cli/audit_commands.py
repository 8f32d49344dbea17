"""`tenfold audit`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from tenfold.cli.shell import run, say

audit = App(name="audit", help="The audit log: every change and security event, sealed in order.")


@audit.command
def export(
    organisation: Annotated[str, Parameter(help="Name or id of the organisation.")],
    /,
    *,
    contents: Annotated[
        bool, Parameter(help="With what records said before and after, whoever may see it.")
    ] = False,
) -> int:
    """Write an organisation's audit log with its seals to the standard output, a line each."""
    from tenfold.cli.audit import export as written

    return run(lambda settings: written(settings, organisation, say, contents=contents))


@audit.command
def verify(file: Annotated[Path, Parameter(help="What `tenfold audit export` wrote.")], /) -> int:
    """Verify such a file, anywhere: exit code 1 where it is not as it was sealed."""
    from tenfold.cli.audit import verify as verified

    return verified(file, print)
