"""Writes the generated pages of docs/reference; `--check` says whether they are up to date."""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path

import msgspec

from tenfold.app import registry
from tenfold.engine.definition import Definition
from tenfold.kernel.settings import Settings, variable

FOLDER = Path(__file__).parent.parent / "docs" / "reference"
_NOTE = "<!-- Written by tools/reference.py; change the source instead. -->\n\n"


def settings() -> str:
    """Every setting with its default and what it means."""
    source = inspect.getsource(Settings)
    words = dict(re.findall(r"^    (\w+): .*\n    \"\"\"(.*?)\"\"\"", source, re.MULTILINE))
    lines = ["# Settings", "", "Read once from the environment when a process starts.", ""]
    lines += ["| variable | default | meaning |", "| --- | --- | --- |"]
    for field in msgspec.structs.fields(Settings):
        if field.name not in words:
            raise SystemExit(f"{field.name} has no docstring in kernel/settings.py")
        shown = "" if field.default == "" else f"`{field.default}`"
        lines.append(f"| `{variable(field.name)}` | {shown} | {words[field.name]} |")
    return _NOTE + "\n".join(lines) + "\n"


def types() -> str:
    """Every record type with its fields."""
    lines = ["# Record types", "", "By pack; each is served at `/v1/<plural>` and `/<plural>`.", ""]
    for pack, definitions in registry().packs.items():
        lines += [f"## {pack.replace('_', ' ').capitalize()}", ""]
        for one in definitions:
            lines += _type(one)
    return _NOTE + "\n".join(lines)


def _type(one: Definition) -> list[str]:
    lines = [f"### {one.label_plural} (`/v1/{one.path}`)", "", one.doc, ""]
    lines += ["| field | type | required | RESO | help |", "| --- | --- | --- | --- | --- |"]
    for field in one.own_fields():
        required = "yes" if field.required else ""
        help_ = field.help.replace("|", "\\|").replace("\n", " ")
        kind = field.type.kind
        lines.append(f"| `{field.json_name}` | {kind} | {required} | {field.reso} | {help_} |")
    return [*lines, ""]


PAGES = {"settings.md": settings, "record-types.md": types}


def main() -> int:
    """Write the pages, or with `--check` compare them."""
    stale: list[str] = []
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, make in PAGES.items():
        path, text = FOLDER / name, make()
        if path.exists() and path.read_text() == text:
            continue
        stale.append(name)
        if "--check" not in sys.argv:
            path.write_text(text)
    if stale and "--check" in sys.argv:
        print(f"Out of date: {', '.join(stale)}. Run `python tools/reference.py`.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
