"""What a reader asks for, parsed and checked against what they may see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from tenfold.engine.access import Access
from tenfold.engine.definition import Definition, Field
from tenfold.engine.filtering import Conditions, Filter, Group, compared, named, visible
from tenfold.engine.registry import Registry
from tenfold.engine.types import Locale, Many, Ref
from tenfold.engine.types.numbers import Currency
from tenfold.kernel.errors import Invalid

LIMIT, MOST = 50, 100
DEEPEST, EMBEDS, EMBEDDED_ROWS = 2, 5, 20
SORTS = 3
PLAIN = frozenset({"limit", "cursor", "page", "sort", "fields", "embed", "count", "q", "deleted"})
SHARED, WHERE = "shared", "where"
"""The parameters that narrow a list to what was shared with the reader, and by groups."""
COUNTS = ("none", "capped")


@dataclass(frozen=True, slots=True)
class Sort:
    """One sort key."""

    field: Field
    descending: bool


@dataclass(frozen=True, slots=True)
class Embed:
    """A related record or list to show inside; `within` nests one deeper."""

    name: str
    within: tuple[Embed, ...] = ()


@dataclass(frozen=True, slots=True)
class Ask:
    """A list as it was asked for."""

    filters: tuple[Filter, ...] = ()
    where: Group | None = None
    sorts: tuple[Sort, ...] = ()
    fields: tuple[str, ...] = ()
    embeds: tuple[Embed, ...] = ()
    limit: int = LIMIT
    cursor: str = ""
    page: int = 0
    count: str = ""
    words: str = ""
    deleted: bool = False
    among: tuple[UUID, ...] | None = None
    """The only ids that count, where not all do: of what was shared with the reader, say."""

    @property
    def conditions(self) -> tuple[Filter, ...]:
        """Every single condition, those within groups too, in the order in which they are bound."""
        return (*self.filters, *(self.where.leaves() if self.where else ()))

    def narrowed(self, *, deleted: bool | None = None) -> Ask:
        """What the list is narrowed to, without its order, its columns and its page."""
        gone = self.deleted if deleted is None else deleted
        return Ask(filters=self.filters, where=self.where, deleted=gone, among=self.among)


EVERYTHING = Ask()


def parse(
    pairs: Iterable[tuple[str, str]],
    definition: Definition,
    access: Access,
    locale: Locale,
    extra: Iterable[str] = (),
) -> Ask:
    """The list that query parameters ask for; raises Invalid or UnknownField with every mistake."""
    plain, given, problems = _sorted_out(pairs, definition, access, extra)
    conditions = Conditions(definition, access, locale, problems)
    ask = Ask(
        filters=conditions.all_of(given),
        where=conditions.nested(plain[WHERE]) if plain.get(WHERE) else None,
        sorts=_sorts(plain.get("sort", ""), definition, access, problems),
        fields=_fields(plain.get("fields", ""), definition, access),
        embeds=parse_embeds(plain.get("embed", "")),
        limit=_whole(plain, "limit", LIMIT, MOST, problems),
        cursor=plain.get("cursor", ""),
        page=_whole(plain, "page", 0, 100_000, problems),
        count=plain.get("count", ""),
        words=plain.get("q", "").strip()[:200],
        deleted=plain.get("deleted", "") == "true",
        among=access.shared.ids if SHARED in plain else None,
    )
    if ask.cursor and ask.page:
        problems["page"] = "can't be given together with cursor"
    if ask.count and ask.count not in COUNTS:
        problems["count"] = f"must be one of {', '.join(COUNTS)}"
    if plain.get("deleted", "false") not in ("true", "false"):
        problems["deleted"] = "must be true or false"
    if plain.get(SHARED, "me") != "me":
        problems[SHARED] = "must be me"
    if problems:
        raise Invalid(problems)
    return ask


def _sorted_out(
    pairs: Iterable[tuple[str, str]], definition: Definition, access: Access, extra: Iterable[str]
) -> tuple[dict[str, str], list[tuple[str, str, str]], dict[str, str]]:
    """Parameters of the list itself, conditions as (field, operator, value), and mistakes."""
    plain: dict[str, str] = {}
    conditions: list[tuple[str, str, str]] = []
    problems: dict[str, str] = {}
    for name, value in pairs:
        if "\x00" in value:
            problems[name] = "must not contain the NUL character"
        elif name in PLAIN or name in (SHARED, WHERE):
            if name in plain:
                problems[name] = "is given twice; give it once"
            plain[name] = value
        elif name not in extra:
            conditions.append((*named(name, definition, access), value))
    return plain, conditions, problems


def _sorts(
    text: str, definition: Definition, access: Access, problems: dict[str, str]
) -> tuple[Sort, ...]:
    names = [n for n in text.split(",") if n] or [
        n
        for n in definition.default_sort.split(",")
        if access.sees(definition.fields[n.lstrip("-")])
    ]
    if len(names) > SORTS:
        problems["sort"] = f"takes at most {SORTS} fields"
        return ()
    sorts: list[Sort] = []
    for name in names:
        field = compared(name.lstrip("-"), definition, access, "sort")
        if not field.sortable:
            problems["sort"] = f"can't sort by {name.lstrip('-')}{_instead(field)}"
        elif any(s.field.name == field.name for s in sorts):
            problems["sort"] = f"names {name.lstrip('-')} twice"
        else:
            sorts.append(Sort(field, name.startswith("-")))
    return tuple(sorts)


def _instead(field: Field) -> str:
    """What a list is sorted by instead of a currency."""
    if field.custom or not isinstance(field.type, Currency):
        return ""
    amount = field.type.column.removesuffix("_currency")
    return f"; a list sorted by {amount} goes by its currency first"


def _fields(text: str, definition: Definition, access: Access) -> tuple[str, ...]:
    if not text:
        return ()
    return tuple(sorted({_shown(n, definition, access) for n in text.split(",")}))


def _shown(name: str, definition: Definition, access: Access) -> str:
    """The field that a name chooses; custom fields come together."""
    if name == "custom":
        return name
    field = visible(name, definition, access, "fields")
    return "custom" if field.custom else field.name


def _whole(
    plain: Mapping[str, str], name: str, default: int, most: int, problems: dict[str, str]
) -> int:
    text = plain.get(name, "")
    if not text:
        return default
    if (found := whole(text, most)) is None:
        problems[name] = f"must be a whole number from 1 to {most}"
        return default
    return found


def whole(text: str, most: int) -> int | None:
    """The number from 1 to `most` that plain digits spell, or None."""
    number = int(text) if len(text) <= 9 and text.isascii() and text.isdigit() else 0
    return number if 1 <= number <= most else None


def parse_embeds(text: str) -> tuple[Embed, ...]:
    """`seller,listing.agent` as a tree of embeds."""
    tree: dict[str, dict[str, None]] = {}
    names = [n for n in text.split(",") if n]
    if len(names) > EMBEDS:
        raise Invalid({"embed": f"takes at most {EMBEDS} relations"})
    for name in names:
        first, _, rest = name.partition(".")
        if "." in rest:
            raise Invalid({"embed": f"goes at most {DEEPEST} deep"})
        tree.setdefault(first, {})
        if rest:
            tree[first][rest] = None
    return tuple(Embed(name, tuple(Embed(n) for n in inner)) for name, inner in tree.items())


def related(
    name: str, definition: Definition, registry: Registry
) -> tuple[Definition, Field, bool] | None:
    """What an embed's name leads to: the other type, the relation, and whether it comes back."""
    field = definition.fields.get(name)
    if field and isinstance(field.type, Ref | Many):
        return registry.by_name[field.type.to], field, False
    back = registry.backs.get(definition.name, {}).get(name)
    return (back[0], back[1], True) if back else None


def topics(definition: Definition, embeds: Sequence[Embed], registry: Registry) -> list[str]:
    """The topics whose versions a page with these embeds and rollups depends on."""
    pairs = [related(name, definition, registry) for name in definition.rolled_up]
    found = [definition.name, *(pair[0].name for pair in pairs if pair)]
    for embed in embeds:
        if pair := related(embed.name, definition, registry):
            found.extend(topics(pair[0], embed.within, registry))
    return list(dict.fromkeys(found))
