"""Collects every text that is to be translated, and brings the catalogs of all languages up to it.

    python tools/texts.py            writes src/tenfold/locale/tenfold.pot and each language's .po
    python tools/texts.py --new fr   begins another language (name it in kernel/language.py too)

Texts are what `say`, `say_n`, `say_as` and `mark` are given in Python, `_`, `ngettext` and
`{% trans %}` in templates, and the labels, helps, sections, choices and roles of all declarations.
What is no longer said leaves the catalogs; what is new is empty there, and English until it is
translated.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

from tenfold.accounts.organisation.roles import shipped
from tenfold.app import registry
from tenfold.engine.custom_types import ICONS, icon_label
from tenfold.engine.definition import Definition, Field
from tenfold.engine.registry import Registry
from tenfold.engine.types import Choice, Choices
from tenfold.engine.types.other import Expression
from tenfold.kernel.labels import label_of, role_label
from tenfold.kernel.language import DOMAIN, ENGLISH, FOLDER, LANGUAGES
from tenfold.web.pages.admin.places import ROLES
from tenfold.web.pages.frame import pack_label

SOURCE = Path(__file__).parents[1] / "src" / "tenfold"
_PYTHON: Any = {"say": None, "mark": None, "say_n": (1, 2), "say_as": ((1, "c"), 2)}
_TEMPLATES: Any = {"_": None, "gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
# The command line speaks English, and has a `say` of its own.
_ENGLISH = frozenset({"cli", "demo", "proofs"})
_OPTIONS = {"trimmed": "true", "silent": "false"}
_HEADER = "# Texts of Tenfold. Written by tools/texts.py; only the msgstr are for people to write."


def template() -> Catalog:
    """Every text that is to be translated."""
    made = Catalog(domain=DOMAIN, header_comment=_HEADER, project="Tenfold", fuzzy=False)
    for path in sorted(SOURCE.rglob("*.py")):
        if path.relative_to(SOURCE).parts[0] not in _ENGLISH:
            _add(made, path, "python", _PYTHON)
    for path in sorted((SOURCE / "web" / "templates").rglob("*.html")):
        _add(made, path, "jinja2.ext:babel_extract", _TEMPLATES)
    for context, text, place in declared(registry()):
        made.add(text, locations=[(place, 0)], context=context)
    return made


def _add(made: Catalog, path: Path, method: str, keywords: Any) -> None:
    place = path.relative_to(SOURCE).as_posix()
    with path.open("rb") as file:
        for _, text, _, context in extract(method, file, keywords, options=_OPTIONS):
            made.add(text, locations=[(place, 0)], context=context)


def declared(types: Registry) -> Iterator[tuple[str, str, str]]:
    """What people read of the declarations: its context, the English text, the pack."""
    for pack in types.packs:
        yield "pack", pack_label(pack), "packs"
    for role in sorted({*ROLES, *shipped(types)}):
        yield "role", role_label(role), "packs"
    for icon in ICONS:
        yield "icon", icon_label(icon), "engine"
    for definition in types.stored.values():
        for context, text in _of_type(definition):
            if text:
                yield context, text, f"packs/{definition.pack}"


def _of_type(one: Definition) -> Iterator[tuple[str, str]]:
    yield "type", one.declared_label
    yield "type", one.declared_plural
    yield "doc", one.declared_doc
    yield "guide", one.declared_guide
    for back in _backs(one):
        yield "field", back
    for field in one.fields.values():
        yield from _of_field(field)


def _backs(one: Definition) -> Iterator[str]:
    """The lists that come back from a relation are called after its name there."""
    for field in one.relations.values():
        if back := getattr(field.type, "back", ""):
            yield label_of(back)


def _of_field(one: Field) -> Iterator[tuple[str, str]]:
    yield "field", one.declared_label
    yield "help", one.declared_help
    yield "section", one.declared_section
    if one.currency is not None:
        yield "field", one.currency.declared_label
    kind = one.type.of if isinstance(one.type, Expression) else one.type
    if isinstance(kind, Choice | Choices):
        for option in kind.options:
            yield "choice", kind.declared_label(option)


def catalog(language: str) -> Catalog:
    """A language's texts as they lie in its file; empty where it has none yet."""
    path = _path(language)
    if not path.exists():
        return Catalog(locale=language, domain=DOMAIN)
    with path.open("rb") as file:
        return read_po(file, locale=language, domain=DOMAIN)


def brought_up(language: str, texts: Catalog) -> Catalog:
    """A language's catalog with exactly these texts, those that it has translated as they are."""
    known = catalog(language)
    made = Catalog(
        locale=language, domain=DOMAIN, header_comment=_HEADER, project="Tenfold", fuzzy=False
    )
    for message in texts:
        if message.id:
            before = known.get(message.id, message.context)
            said = before.string if before is not None and before.id == message.id else None
            made.add(message.id, said, message.locations, context=message.context)
    return made


def written(one: Catalog) -> str:
    """The catalog as its file says it: in order, and without places, so that branches merge."""
    out = io.BytesIO()
    write_po(out, one, width=100, omit_header=True, no_location=True, sort_output=True)
    language = str(one.locale) if one.locale else ""
    head = [_HEADER, 'msgid ""', 'msgstr ""', '"Content-Type: text/plain; charset=utf-8\\n"']
    if language:
        head += [f'"Language: {language}\\n"', f'"Plural-Forms: {one.plural_forms}\\n"']
    return "\n".join(head) + "\n\n" + out.getvalue().decode()


def write(texts: Catalog, languages: list[str]) -> None:
    """Write the template and the languages' files."""
    (FOLDER / f"{DOMAIN}.pot").write_text(written(texts), "utf-8")
    for language in languages:
        path = _path(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        made = brought_up(language, texts)
        path.write_text(written(made), "utf-8")
        left = sum(1 for m in made if m.id and not all(_strings(m.string)))
        print(f"{language}: {len(made)} texts, {left} not translated yet")


def _strings(said: object) -> list[str]:
    if isinstance(said, list | tuple):
        return [str(one or "") for one in cast("list[object]", said)]
    return [str(said or "")]


def _path(language: str) -> Path:
    return FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--new", default="", help="begin this language, like fr")
    new = str(parser.parse_args().new)
    write(template(), [*(lang for lang in LANGUAGES if lang != ENGLISH), *([new] if new else [])])


if __name__ == "__main__":
    main()
