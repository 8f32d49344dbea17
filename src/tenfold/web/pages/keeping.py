"""What a person arranged for themselves, and the views that they see, read once per change."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from uuid import UUID

from litestar.background_tasks import BackgroundTask

from tenfold.accounts import personal
from tenfold.accounts.identity.tokens import Claims
from tenfold.accounts.people import Caller
from tenfold.accounts.personal import Kept
from tenfold.db.database import Reader
from tenfold.engine import ask as asking
from tenfold.kernel import digits
from tenfold.kernel.ids import parse_id
from tenfold.kernel.text import fold
from tenfold.web.desk import Desk, desk_of
from tenfold.web.pages.session import Req

VIEW = "saved_view"
TOPICS = (VIEW, personal.TOPIC)
"""What a reader must know the versions of, behind those of members and definitions."""
_BEFORE = 2
_FIELDS = ("name", "path", "parameters", "privacy", "owner", "version")


@dataclass(frozen=True, slots=True)
class View:
    """A saved view: a list's path and what stands behind its `?`; `mine`: the person made it."""

    id: UUID
    name: str
    path: str
    query: str
    everyone: bool
    mine: bool
    version: int

    @property
    def address(self) -> str:
        """Where it is."""
        return f"/{self.path}?saved={self.id}"


@dataclass(frozen=True, slots=True)
class Arranged:
    """All that pages know of one person's ways."""

    views: tuple[View, ...]
    kept: Kept

    def of(self, path: str) -> tuple[View, ...]:
        """The views of a list."""
        return tuple(v for v in self.views if v.path == path)

    def pinned(self, path: str) -> tuple[View, ...]:
        """Those of them that the person pinned."""
        return tuple(v for v in self.of(path) if str(v.id) in self.kept.pins)

    def view(self, identity: UUID | None) -> View | None:
        """A view by its id, as far as the person sees it and it is among these."""
        return next((v for v in self.views if v.id == identity), None)

    async def opening(
        self, desk: Desk, reader: Reader, person: Caller, identity: UUID | None
    ) -> Arranged:
        """The same with the view that an address names, which may be beyond those read at first."""
        if identity is None or self.view(identity) or not _may_see(desk, person):
            return self
        more = await _by_ids(desk, reader, person, [identity])
        return replace(self, views=_ordered((*self.views, *more)))


class Arrangements:
    """What is known of people, each good for the versions of what it was made of."""

    def __init__(self, most: int = 20_000) -> None:
        self._known: OrderedDict[tuple[UUID, UUID], tuple[tuple[int, ...], Arranged]] = (
            OrderedDict()
        )
        self._most = most

    async def of(self, desk: Desk, reader: Reader, claims: Claims, person: Caller) -> Arranged:
        """What a person arranged; two statements where something changed, else none."""
        who, versions = (claims.tenant, claims.user), tuple(reader.versions)
        found = self._known.get(who)
        if found is not None and found[0] == versions:
            return found[1]
        kept = None
        if found is not None and found[0][_BEFORE + 1] == versions[_BEFORE + 1]:
            kept = found[1].kept
        kept = kept or await personal.kept(reader, *who)
        made = Arranged(await _views(desk, reader, person, kept.pins), kept)
        self._known[who] = versions, made
        if len(self._known) > self._most:
            self._known.popitem(last=False)
        return made


class Looks:
    """Remembers who looked at which record last, after the answer is on its way."""

    def __init__(self, most: int = 20_000) -> None:
        self._last: OrderedDict[tuple[UUID, UUID], UUID] = OrderedDict()
        self._most = most

    def note(
        self, request: Req, claims: Claims, kind: str, identity: UUID
    ) -> BackgroundTask | None:
        """What is still to be done; nothing where it is the same record again."""
        who = (claims.tenant, claims.user)
        if self._last.get(who) == identity:
            return None
        self._last[who] = identity
        if len(self._last) > self._most:
            self._last.popitem(last=False)
        desk = desk_of(request)
        context = desk.context(claims, request.scope)

        async def remember() -> None:
            async with desk.database.transaction(context) as tx:
                await personal.seen(tx, kind, identity)

        return BackgroundTask(remember)


@cache
def looks() -> Looks:
    """Those of this process."""
    return Looks()


def _may_see(desk: Desk, person: Caller) -> bool:
    return person.access(desk.registry.by_name[VIEW]).read != "none"


async def _views(
    desk: Desk, reader: Reader, person: Caller, pins: Iterable[str]
) -> tuple[View, ...]:
    """The first by their names; where there are more, one's own and the pinned ones in any case."""
    if not _may_see(desk, person):
        return ()
    views, more = await _page(desk, reader, person)
    if more:
        mine, _ = await _page(desk, reader, person, ("owner_id", str(person.user)))
        views = [*views, *mine]
        known = {str(v.id) for v in views}
        if left := [found for pin in pins if pin not in known and (found := parse_id(pin))]:
            views += await _by_ids(desk, reader, person, left)
    return _ordered(views)


async def _page(
    desk: Desk, reader: Reader, person: Caller, *narrowed: tuple[str, str]
) -> tuple[list[View], bool]:
    """The first views, and whether there are more."""
    definition = desk.registry.by_name[VIEW]
    asked = asking.parse(
        [("sort", "name"), *narrowed], definition, person.access(definition), person.locale
    )
    asked = replace(asked, fields=_FIELDS, limit=asking.MOST)
    page = await desk.query.page(reader, person, definition, asked)
    return _read(person, page.data), page.has_more


async def _by_ids(desk: Desk, reader: Reader, person: Caller, ids: Sequence[UUID]) -> list[View]:
    definition = desk.registry.by_name[VIEW]
    data = await desk.query.several(reader, person, definition, ids, fields=_FIELDS)
    return _read(person, data)


def _read(person: Caller, data: bytes) -> list[View]:
    rows: list[dict[str, str]] = digits.decode(data)
    return [
        View(
            UUID(row["id"]),
            row["name"],
            row["path"],
            row.get("parameters") or "",
            row["privacy"] == "everyone",
            row.get("owner_id") == str(person.user),
            int(row["version"]),
        )
        for row in rows
    ]


def _ordered(views: Iterable[View]) -> tuple[View, ...]:
    """Each once, by their names."""
    return tuple(sorted({v.id: v for v in views}.values(), key=lambda v: fold(v.name)))
