"""Writes the generated pages of docs; `--check` says whether they are up to date."""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

import declarations
import field_types
import standards
from tenfold.app import ENDPOINTS, registry
from tenfold.engine.definition import Definition
from tenfold.engine.project.openapi_shared import CODES
from tenfold.kernel.settings import Settings, variable
from tenfold.web.api.document import publish

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs"
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
    lines = [
        "# Record types",
        "",
        "By pack; each is served at `/v1/<plural>` and `/<plural>`. What",
    ]
    lines += [
        "a type of field takes and answers: [Field types](field-types.md). Roles that a type does"
    ]
    lines += [
        "not name may do nothing with it; owners and administrators do everything, managers and"
    ]
    lines += ["readers all but what is private: [rules](../explanation/security-rules.md).", ""]
    for pack, definitions in registry().packs.items():
        lines += [f"## {pack.replace('_', ' ').capitalize()}", ""]
        for one in definitions:
            lines += _type(one)
    return _NOTE + "\n".join(lines)


def _type(one: Definition) -> list[str]:
    lines = [f"### {one.label_plural} (`/v1/{one.path}`)", "", one.doc, ""]
    lines += [f"Declared in `{_declared_in(one)}`.", ""]
    lines += ["| field | type | required | RESO | help |", "| --- | --- | --- | --- | --- |"]
    for field in one.own_fields():
        required = "yes" if field.required else ""
        help_ = field.help.replace("|", "\\|").replace("\n", " ")
        kind = field.type.kind
        lines.append(f"| `{field.json_name}` | {kind} | {required} | {field.reso} | {help_} |")
    return [*lines, "", *_grants(one)]


def _grants(one: Definition) -> list[str]:
    """What each role of a pack may do with a type's records."""
    if not one.access:
        return []
    lines = ["| role | reads | creates | changes | deletes | fields |"]
    lines += ["| --- | --- | --- | --- | --- | --- |"]
    for role, may in sorted(one.access.items()):
        creates = "yes" if may.create else "no"
        kinds = (("reveals", may.reveal), ("not seen", may.hide), ("not set", may.read_only))
        told = [f"{word} {', '.join(sorted(names))}" for word, names in kinds if names]
        verbs = f"{may.read} | {creates} | {may.update} | {may.delete}"
        lines.append(f"| {role} | {verbs} | {'; '.join(told)} |")
    return [*lines, ""]


def _declared_in(one: Definition) -> str:
    """The file that declares a type, below the checkout."""
    return Path(one.source.rpartition(":")[0]).relative_to(ROOT).as_posix()


def api() -> str:
    """Every address, those of record types once for all, and every error code."""
    served = json.loads(publish(registry(), "", ENDPOINTS).body)
    lines = [
        "# API",
        "",
        "Schemas and parameters: `/openapi.json`; to try it: `/docs`. How to sign",
    ]
    lines += ["in and ask: [Use the API](../how-to/api.md).", ""]
    lines += ["## Records of every type", "", "`leads` stands for any type.", ""]
    lines += _operations(served, lambda tag: tag == "Leads")
    lines += ["Types with secret fields also have `POST /v1/leads/{record_id}/reveals`."]
    lines += ["A relation to many is an address of its own: `GET`, `POST` and `DELETE` of"]
    lines += ['`/v1/clients/{record_id}/favorites`, the last two with `{"ids": […]}`.', ""]
    lines += ["## Everything else", ""]
    shared = {one.label_plural for one in registry()}
    lines += _operations(served, lambda tag: tag not in shared and tag != "Custom records")
    lines += ["## Error codes", "", "| code | status | meaning |", "| --- | --- | --- |"]
    lines += [f"| `{code}` | {status} | {why} |" for code, (status, why) in CODES.items()]
    return _NOTE + "\n".join(lines) + "\n"


def _operations(served: dict[str, Any], wanted: Callable[[str], bool]) -> list[str]:
    lines = ["| address | what | operationId |", "| --- | --- | --- |"]
    for path, item in served["paths"].items():
        for method, one in item.items():
            if method != "parameters" and wanted(one["tags"][0]):
                address = f"`{method.upper()} {path}`"
                lines.append(f"| {address} | {one['summary']} | `{one['operationId']}` |")
    return [*lines, ""]


PAGES = {
    "reference/settings.md": settings,
    "reference/record-types.md": types,
    "reference/field-types.md": lambda: _NOTE + field_types.page(),
    "reference/declarations.md": lambda: _NOTE + declarations.page(),
    "reference/api.md": api,
    "security/asvs.md": lambda: _NOTE + standards.page(standards.ASVS),
    "security/api-top-10.md": lambda: _NOTE + standards.page(standards.API_TOP_10),
}


def main() -> int:
    """Write the pages, or with `--check` compare them."""
    stale: list[str] = []
    for name, make in PAGES.items():
        path, text = FOLDER / name, make()
        path.parent.mkdir(parents=True, exist_ok=True)
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
