"""What surrounds every page: who is signed in, the way around, the look they chose."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Litestar

from tenfold.accounts.identity.tokens import Claims
from tenfold.accounts.people import Caller
from tenfold.db.database import Reader, Transaction
from tenfold.engine.custom_types import TypeSpec, defined
from tenfold.engine.definition import Definition
from tenfold.engine.registry import CUSTOM
from tenfold.engine.types import Locale
from tenfold.kernel.clock import now
from tenfold.kernel.errors import Unauthenticated
from tenfold.kernel.ids import parse_id
from tenfold.kernel.language import mark, say, say_as
from tenfold.web.desk import DEFINITIONS, MEMBERS, Desk, desk_of
from tenfold.web.pages import cells, hues, keeping, speaking, words
from tenfold.web.pages.keeping import Arranged, Arrangements
from tenfold.web.pages.session import Flash, Req, SignInFirst, cookie, form_token, here, take_flash
from tenfold.web.pages.tag_colours import TOPIC as TAGS
from tenfold.web.pages.tag_colours import colours
from tenfold.web.pages.words import zone_of

_WHO = """SELECT t.name, t.timezone, t.currency, t.region, t.packs,
    u.first_name, u.last_name, u.email, u.language,
    u.region AS own_region, u.timezone AS own_timezone,
    EXISTS (SELECT FROM tenfold.members WHERE tenant_id = $1 AND user_id <> $2 AND active)
    OR EXISTS (SELECT FROM tenfold.invitations WHERE tenant_id = $1) AS colleagues
FROM tenfold.tenants t, tenfold.users u WHERE t.id = $1 AND u.id = $2"""
_OWN = """SELECT name, spec FROM tenfold.custom_types
WHERE tenant_id = $1 AND retired_at IS NULL ORDER BY name LIMIT 100"""
PACKS = {"base": "Relationships"}
# What is about data of every type.
_LATER = ((mark("Imports"), "/imports", "file-up"),)
_TOPICS = (MEMBERS, DEFINITIONS, *keeping.TOPICS, TAGS)
_SETTINGS, _ADMIN = "/settings", "/admin"


@dataclass(frozen=True, slots=True)
class Who:
    """A signed-in person and their organisation, as pages show them."""

    organisation: str
    timezone: str
    currency: str
    region: str
    packs: tuple[str, ...]
    name: str
    email: str
    language: str = ""
    own_region: str = ""
    own_timezone: str = ""
    colleagues: bool = False
    """Whether anybody else belongs there, or is invited."""

    @property
    def home(self) -> str:
        """The region whose ways they read and write: their own, else the organisation's."""
        return self.own_region or self.region


class _Known:
    """What frames need of people and organisations, each good for one version of theirs."""

    def __init__(self, most: int = 20_000) -> None:
        self._who: OrderedDict[tuple[UUID, UUID], tuple[int, Who]] = OrderedDict()
        self._own: OrderedDict[UUID, tuple[int, tuple[Definition, ...]]] = OrderedDict()
        self._most = most

    async def own(self, desk: Desk, reader: Reader, claims: Claims) -> tuple[Definition, ...]:
        """The record types that the organisation made itself."""
        version = reader.versions[1]
        kept = self._own.get(claims.tenant)
        if kept is not None and kept[0] == version:
            return kept[1]
        rows = await reader.rows(_OWN, claims.tenant) if version else []
        found: list[Definition] = []
        for name, text in rows:
            base = desk.registry.named(f"{CUSTOM}{name}")
            if base is not None:
                found.append(defined(base, msgspec.json.decode(text, type=TypeSpec)))
        self._own[claims.tenant] = (version, tuple(found))
        if len(self._own) > self._most:
            self._own.popitem(last=False)
        return tuple(found)

    async def who(self, reader: Reader, claims: Claims, version: int) -> Who:
        """The person and their organisation."""
        key = (claims.tenant, claims.user)
        kept = self._who.get(key)
        if kept is not None and kept[0] == version:
            return kept[1]
        row = await reader.row(_WHO, claims.tenant, claims.user)
        if row is None:
            raise Unauthenticated(say("This account is gone; sign in with another one."))
        name = f"{row['first_name']} {row['last_name']}".strip()
        who = Who(
            row["name"],
            row["timezone"],
            row["currency"],
            row["region"],
            tuple(row["packs"]),
            name,
            row["email"],
            row["language"] or "",
            row["own_region"] or "",
            row["own_timezone"] or "",
            row["colleagues"],
        )
        self._who[key] = (version, who)
        if len(self._who) > self._most:
            self._who.popitem(last=False)
        return who


@cache
def _known() -> _Known:
    return _Known()


@cache
def _arrangements() -> Arrangements:
    return Arrangements()


@dataclass(frozen=True, slots=True)
class Guest:
    """Who a page is for, with the connection that reads for them while the page is made."""

    request: Req
    desk: Desk
    claims: Claims
    reader: Reader
    person: Caller
    who: Who
    own: tuple[Definition, ...]
    arranged: Arranged
    colours: Mapping[str, str]
    now: datetime
    zone: ZoneInfo

    @property
    def locale(self) -> Locale:
        """How their short forms of numbers are read."""
        return Locale(self.who.home, self.who.currency)

    def eyes(self, names: Mapping[UUID, str] | None = None) -> cells.Reader:
        """How values are shown to them."""
        who = self.who
        return cells.Reader(
            self.now,
            self.zone,
            who.home,
            who.currency,
            self.desk.registry,
            names or {},
            self.colours,
        )

    async def tailored(self, shipped: Definition) -> Definition:
        """A type with the organisation's own fields."""
        versions = self.reader.versions
        return await self.desk.tailored.get(self.reader, self.claims.tenant, shipped, versions[1])

    async def opening(self, pairs: Iterable[tuple[str, str]]) -> Guest:
        """The same, who knows the saved view that an address names."""
        identity = parse_id(dict(pairs).get("saved", ""))
        arranged = await self.arranged.opening(self.desk, self.reader, self.person, identity)
        return self if arranged is self.arranged else replace(self, arranged=arranged)

    def staged(self, shipped: Definition) -> Definition:
        """A type with the organisation's stages, once another was read with them."""
        return self.desk.tailored.staged(self.claims.tenant, shipped, self.reader.versions[1])


@asynccontextmanager
async def visiting(request: Req, claims: Claims, *, blocked: bool = False) -> AsyncGenerator[Guest]:
    """A connection that reads for the person behind a page.

    Pages of one's own account are also for who is `blocked` until they have a second factor.
    """
    desk = desk_of(request)
    async with desk.database.read(claims.tenant, _TOPICS) as reader:
        guest = await _guest(request, desk, claims, reader)
        if not blocked:
            guest.person.need_unblocked()
        yield guest


@asynccontextmanager
async def changing(request: Req, claims: Claims) -> AsyncGenerator[tuple[Transaction, Guest]]:
    """A write transaction of the person behind a form."""
    desk = desk_of(request)
    context = desk.context(claims, request.scope)
    async with desk.database.transaction(context, _TOPICS) as transaction:
        guest = await _guest(request, desk, claims, transaction)
        guest.person.need_unblocked()
        yield transaction, guest


async def _guest(request: Req, desk: Desk, claims: Claims, reader: Reader) -> Guest:
    version = reader.versions[0]
    try:
        person = await desk.people.get(reader, claims, version)
        who = await _known().who(reader, claims, version)
        own = await _known().own(desk, reader, claims)
        arranged = await _arrangements().of(desk, reader, claims, person)
        tinted = await colours().of(reader, claims.tenant)
    except Unauthenticated as error:
        raise SignInFirst(error.message) from error
    speaking.to_person(request, who.language, who.home)
    zone = zone_of(who.own_timezone or cookie(request, "zone"), who.timezone)
    return Guest(request, desk, claims, reader, person, who, own, arranged, tinted, now(), zone)


# -- the frame as templates see it


@dataclass(frozen=True, slots=True)
class Link:
    """One place to go."""

    label: str
    href: str
    icon: str
    active: bool = False
    views: tuple[Link, ...] = ()
    key: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """The places of one pack; `base` are those that all packs share."""

    label: str
    links: tuple[Link, ...]
    base: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """What a person chose for their eyes and hands; empty texts follow the system."""

    theme: str = ""
    density: str = ""
    folded: bool = False
    keyless: bool = False
    """Whether keys of one letter do nothing (WCAG 2.1.4)."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Everything around a page's content."""

    title: str
    organisation: str
    person: str
    email: str
    initials: str
    hue: str
    groups: tuple[Group, ...]
    later: tuple[Link, ...]
    settings: Link
    admin: Link | None
    due: str
    bar: tuple[Link, ...]
    here: str
    csrf: str
    look: Look
    flash: Flash | None

    @property
    def keys(self) -> dict[str, str]:
        """The letters that lead to places after a g."""
        links = (link for group in self.groups for link in group.links)
        return {"h": say("Home"), **{link.key: link.label for link in links if link.key}}


def frame(guest: Guest, title: str) -> Frame:
    """The frame of a page."""
    place = here(guest.request)
    who = guest.who
    groups = tuple(_groups(guest, place))
    places = _places(guest.request.app)
    later = tuple(
        Link(say(label), href, icon, place.startswith(href))
        for label, href, icon in _LATER
        if href in places
    )
    return Frame(
        title=title,
        organisation=who.organisation,
        person=who.name,
        email=who.email,
        initials=hues.initials(who.name),
        hue=hues.of_id(guest.claims.user),
        groups=groups,
        later=later,
        settings=Link(say("Settings"), _SETTINGS, "settings", _within(place, _SETTINGS)),
        admin=Link(say("Administration"), _ADMIN, "sliders-horizontal", _within(place, _ADMIN))
        if guest.person.administers
        else None,
        due=_due(guest, place),
        bar=_bar(groups, place),
        here=place,
        csrf=form_token(guest.desk, guest.claims),
        look=look(guest.request),
        flash=take_flash(guest.request),
    )


def _within(place: str, href: str) -> bool:
    return place == href or place.startswith(f"{href}/")


def _due(guest: Guest, place: str) -> str:
    """What to say to whom a second factor is asked of, as long as they have none."""
    standing = guest.person.standing
    if standing.enrolled or standing.due is None or place.startswith("/settings/security"):
        return ""
    here_ = guest.who.organisation
    what = say("Administrators need a second factor.")
    again = say("Set yours up to administer %(place)s again.", place=here_)
    if standing.everybody:
        what = say("%(place)s asks everybody for a second factor.", place=here_)
        again = say("Set yours up to go on.")
    if standing.overdue:
        return f"{what} {again}"
    day = words.written(words.there(standing.due, guest.zone).date(), guest.who.home)
    by = say("Set yours up by %(day)s.", day=day)
    return f"{what} {by}"


def look(request: Req) -> Look:
    """The look that the person's browser keeps."""
    theme, density = cookie(request, "theme"), cookie(request, "density")
    return Look(
        theme if theme in ("light", "dark") else "",
        density if density in ("compact", "comfortable") else "",
        cookie(request, "rail") == "folded",
        cookie(request, "keys") == "off",
    )


def pack_label(pack: str) -> str:
    """What people call a pack, in English."""
    return PACKS.get(pack) or pack.replace("_", " ").capitalize()


def uses(guest: Guest, definition: Definition) -> bool:
    """Whether the organisation works with the pack of a type, which its own types are part of."""
    packs = guest.who.packs
    return not packs or definition.tenant_made or definition.pack in ("base", *packs)


def readable(guest: Guest) -> list[tuple[str, list[Definition]]]:
    """The packs that the organisation uses, with the types that the person may read."""
    found: list[tuple[str, list[Definition]]] = []
    for pack, definitions in guest.desk.registry.packs.items():
        used = [d for d in definitions if uses(guest, d) and d.listed]
        seen = [d for d in used if guest.person.access(d).read != "none"]
        if seen:
            found.append((say_as("pack", pack_label(pack)), seen))
    if own := [d for d in guest.own if guest.person.access(d).read != "none"]:
        found.append((say("Your own"), own))
    return found


def _groups(guest: Guest, place: str) -> Sequence[Group]:
    found = readable(guest)
    base = {one.name for one in guest.desk.registry.packs["base"]}
    every = [definition for _, seen in found for definition in seen]
    keys = _keys(sorted(every, key=lambda one: one.name in base))
    return [
        Group(
            label,
            tuple(_link(guest, one, place, keys.get(one.name, "")) for one in seen),
            base=all(one.name in base for one in seen),
        )
        for label, seen in found
    ]


def _keys(definitions: Sequence[Definition]) -> dict[str, str]:
    """A letter for each list, of its English name, so that hands know it in every language.

    The first letter goes to the first list that begins so; the others have one within.
    """
    taken: dict[str, str] = {"h": ""}
    for letters in (1, None):
        for one in definitions:
            if one.name not in taken.values():
                free = (c for c in one.plural[:letters] if c.isalpha() and c not in taken)
                if letter := next(free, ""):
                    taken[letter] = one.name
    return {name: letter for letter, name in taken.items() if name}


def _link(guest: Guest, definition: Definition, place: str, key: str) -> Link:
    """A type's list, with the views of it that the person pinned."""
    href = f"/{definition.path}"
    opened = guest.request.query_params.get("saved")
    views = tuple(
        Link(v.name, v.address, "bookmark", place == href and opened == str(v.id))
        for v in guest.arranged.pinned(definition.path)
    )
    active = _within(place, href) and not any(v.active for v in views)
    return Link(definition.label_plural, href, definition.icon, active, views, key)


def _bar(groups: Sequence[Group], place: str) -> tuple[Link, ...]:
    """The phone's bar of five: home, the first two types of one's trade, search, everything."""
    ordered = sorted(groups, key=lambda group: group.base)
    first = [link for group in ordered for link in group.links][:2]
    return (
        Link(say("Home"), "/", "house", place == "/"),
        *first,
        Link(say("Search"), "/search", "search", place == "/search"),
        Link(say("Menu"), "/menu", "menu", place == "/menu"),
    )


@cache
def _places(app: Litestar) -> frozenset[str]:
    """The addresses that this installation serves."""
    return frozenset(route.path for route in app.routes)
