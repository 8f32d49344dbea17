"""`tenfold import` and `tenfold export`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from tenfold.cli.shell import Organisation, User, at_work, say
from tenfold.cli.who import Who
from tenfold.kernel.errors import Invalid


def import_file(
    file: Annotated[Path, Parameter(help="The file to read.")],
    /,
    *,
    user: User,
    organisation: Organisation = "",
    type: Annotated[
        str, Parameter(help="Record type: leads, contacts … (a plan names its own).")
    ] = "",
    map: Annotated[
        list[str] | None, Parameter(help="Column=field, or Column= to leave it out; repeatable.")
    ] = None,
    value: Annotated[
        list[str] | None,
        Parameter(
            help="field:word=choice, what a word of the file means, or field:word= to leave the "
            "field out; repeatable."
        ),
    ] = None,
    key: Annotated[
        str, Parameter(help="Field by which rows find the records that are there; none: all new.")
    ] = "",
    existing: Annotated[
        Literal["update", "skip"], Parameter(help="What becomes of the records that are there.")
    ] = "update",
    encoding: Annotated[str, Parameter(help="Where the guess is wrong: utf-8, cp1252 …")] = "",
    separator: Annotated[str, Parameter(help="Where the guess is wrong: one character.")] = "",
    region: Annotated[str, Parameter(help="Region of phone numbers and dates: US, DE …")] = "",
    currency: Annotated[str, Parameter(help="Currency of amounts that name none: USD, EUR …")] = "",
    unreadable: Annotated[
        Literal["refuse", "skip"],
        Parameter(help="Refuse the row of a cell that can't be read, or skip the cell."),
    ] = "refuse",
    create_missing: Annotated[
        list[str] | None,
        Parameter(help="Relation whose missing records are made by title; repeatable."),
    ] = None,
    leave_missing: Annotated[
        list[str] | None,
        Parameter(help="Relation that is left empty where there is no such record; repeatable."),
    ] = None,
    dry_run: Annotated[bool, Parameter(help="Say what would come in; store nothing.")] = False,
    refused: Annotated[
        Path | None,
        Parameter(help="Where refused rows are written; else NAME.refused.csv beside FILE."),
    ] = None,
) -> int:
    """Import CSV, Excel, JSON, vCard or a Salesforce plan. Exit code 3: some rows were refused."""
    from tenfold.cli.exchange import run_import
    from tenfold.exchange.import_state import Options

    options = Options(
        mapping=dict(_mapped(one) for one in map or []),
        values=_meant(value or []),
        key=key,
        existing=existing,
        encoding=encoding or None,
        separator=separator or None,
        region=region,
        currency=currency,
        unreadable=unreadable,
        create_missing=create_missing or [],
        leave_missing=leave_missing or [],
        dry_run=dry_run,
    )
    who = Who(user, organisation)
    with at_work() as installation:
        return run_import(
            installation.settings, file, type, who=who, options=options, refused=refused
        )


def _mapped(text: str) -> tuple[str, str | None]:
    column, found, field = text.rpartition("=")
    if not found:
        raise Invalid({"map": f"{text!r} must be written as Column=field"})
    return column, field or None


def _meant(texts: Sequence[str]) -> dict[str, dict[str, str | None]]:
    found: dict[str, dict[str, str | None]] = {}
    for text in texts:
        field, named, rest = text.partition(":")
        word, said, choice = rest.rpartition("=")
        if not named or not said:
            raise Invalid({"value": f"{text!r} must be written as field:word=choice"})
        found.setdefault(field, {})[word] = choice or None
    return found


def export(
    type: Annotated[str, Parameter(help="Record type: leads, contacts …")],
    to: Annotated[
        Path | None, Parameter(help="The file to write; without one the terminal.")
    ] = None,
    /,
    *,
    user: User,
    organisation: Organisation = "",
    format: Annotated[
        Literal["csv", "json", "xlsx"], Parameter(help="Form of the file.", show_default=True)
    ] = "csv",
    query: Annotated[
        str, Parameter(help="Filters and sorts, as in the API: status=active&sort=-created_at.")
    ] = "",
    bom: Annotated[bool, Parameter(help="Begin with a byte order mark, for Excel.")] = False,
) -> int:
    """Export a list as a person sees it, to a file or to the terminal."""
    from tenfold.cli.exchange import run_export

    who = Who(user, organisation)
    with at_work() as installation:
        return run_export(
            installation.settings, type, to, who=who, form=format, query=query, bom=bom, say=say
        )
