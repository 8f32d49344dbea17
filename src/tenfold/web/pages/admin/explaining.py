"""Why may or may not this person do this: asked with a form, answered with its reasons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import get
from litestar.response.base import ASGIResponse

from tenfold.accounts.organisation import api_keys, members
from tenfold.accounts.organisation.acts import ACTS
from tenfold.accounts.organisation.deciding import Decision, decide
from tenfold.engine.definition import Definition
from tenfold.engine.own_types import tailored_types
from tenfold.engine.titles import suggest, titles
from tenfold.engine.types import Refused
from tenfold.kernel.errors import Invalid, NotFound
from tenfold.kernel.ids import parse_id
from tenfold.kernel.language import mark, say, within
from tenfold.web.api.administration import Visitor
from tenfold.web.api.auth import client_of
from tenfold.web.api.explaining import asked_of, question_of
from tenfold.web.pages import render, words
from tenfold.web.pages.admin.around import entering, looking, page
from tenfold.web.pages.admin.places import name_of as person_name
from tenfold.web.pages.admin.places import person_in
from tenfold.web.pages.admin.role_words import fields_of
from tenfold.web.pages.frame import Guest, readable
from tenfold.web.pages.pick import bare, meant, picks
from tenfold.web.pages.session import Req
from tenfold.web.pages.typed import Typed

PLACE = "/admin/explain"
_ASKED = ("person", "key", "verb", "type", "record", "field")
_VERBS = (
    ("read", mark("See")),
    ("create", mark("Make")),
    ("update", mark("Change")),
    ("delete", mark("Delete")),
    ("reveal", mark("Open a secret of")),
    ("share", mark("Share")),
)
_WORDS: Mapping[str, str] = {name: one.words for name, one in ACTS.items()}
_MAY: Mapping[tuple[bool, bool], str] = {
    (True, False): mark("%(who)s may %(act)s."),
    (True, True): mark("%(who)s may %(act)s with this key."),
    (False, False): mark("%(who)s may not %(act)s."),
    (False, True): mark("%(who)s may not %(act)s with this key."),
}
"""The answer by whether somebody may, and whether it is about a key."""
_DOES: Mapping[str, str] = {
    "read": mark("see %(what)s"),
    "create": mark("make %(what)s"),
    "update": mark("change %(what)s"),
    "delete": mark("delete %(what)s"),
    "reveal": mark("open %(what)s"),
    "share": mark("share %(what)s"),
}
_MOST_KEYS = 200
_NAMES = {"user_id": "person", "key_id": "key", "record_id": "record"}
_CHECKS = {
    "member": mark("Belongs here"),
    "key": mark("API key"),
    "scope": mark("Scopes of the key"),
    "second_factor": mark("Second factor"),
    "network": mark("Network"),
    "proof": mark("Fresh proof"),
    "address": mark("Own address"),
    "role": mark("Role"),
    "verb": mark("Role"),
    "seen": mark("Sees the record"),
    "reached": mark("Reaches the record"),
    "required": mark("What a new one needs"),
    "field": mark("Field"),
}


@get(PLACE)
async def explain_page(request: Req) -> ASGIResponse:
    """The form, and the answer once person, type and verb are chosen."""
    claims = await entering(request, "page-admin-explain")
    given = {name: str(request.query_params.get(name, "")).strip()[:200] for name in _ASKED}
    async with looking(request, claims) as guest:
        types = await tailored_types(guest.reader, guest.person.tenant, guest.desk.registry)
        found, problems = await _answer(guest, given, types)
        shown = await _named(guest, given, found)
        definition = types.get(given["type"])
        focus = next(iter(problems), "person" if not given["person"] else "")
        view: dict[str, Any] = {
            "typed": Typed(focus, {**shown, "verb": shown["verb"] or "read"}, problems),
            "verbs": (
                (say("With records"), [(name, say(text)) for name, text in _VERBS]),
                (say("In the organisation"), _acts()),
            ),
            "keys": await _keys(guest, found),
            "groups": _groups(guest, types),
            "fields": _fields(guest, definition),
            "records": f"{PLACE}/records",
            "decision": found,
            "asks": await _sentence(guest, shown, definition, found) if found else "",
            "acts": given["verb"] in ACTS,
            "checks": {name: say(text) for name, text in _CHECKS.items()},
        }
        status = 400 if problems else 200
        return page(guest, "explain.html", mark("Explain access"), status=status, **view)


@get(f"{PLACE}/records")
async def pick_records(
    request: Req,
    type: str = "",  # noqa: A002 - the form's name
    record: str = "",
) -> ASGIResponse:
    """Records of the chosen type whose title begins so, as the options of the box."""
    claims = await entering(request, "page-pick")
    async with looking(request, claims) as guest:
        text = bare(record[:200])
        known = guest.desk.registry.by_name
        names = [type] if type in known else []
        query = guest.desk.query
        found = await suggest(query, guest.reader, guest.person, names, text, most=8)
    return render.partial(request, "parts/picks.html", picks=picks(found))


async def _answer(
    guest: Guest, given: Mapping[str, str], types: Mapping[str, Definition]
) -> tuple[Decision | None, dict[str, str]]:
    """The decision, once enough is asked; else what can't be read."""
    act = given["verb"] in ACTS
    if not given["person"]:
        return None, {}
    if not act and given["type"] not in types:
        told = (
            say("is no kind of record here") if given["type"] else say("Choose a kind of record.")
        )
        return None, {"type": told}
    problems: dict[str, str] = {}
    ids: dict[str, str] = {}
    finders = (("person", "user_id", _person), ("record", "record_id", _record))
    for name, key, find in finders[:1] if act else finders:
        if given[name]:
            try:
                ids[key] = str(await find(guest, given))
            except Refused as refusal:
                problems[name] = str(refusal)
    if problems:
        return None, problems
    asked = {"verb": given["verb"] or "read"}
    if not act:
        asked |= {"type": given["type"], "field": given["field"]}
    key = await _key(guest, given["key"], ids["user_id"])
    client = client_of(guest.request.scope)
    visit = Visitor(guest.reader, guest.person, guest.desk.registry, client)
    try:
        found = asked_of({**ids, "key_id": key, **asked})
        return await decide(await question_of(guest.request, visit, found)), {}
    except Invalid as error:
        return None, {_NAMES.get(name, name): text for name, text in error.fields.items()}
    except NotFound:
        missing = "record" if given["record"] and not act else "person"
        return None, {missing: say("There is none of this id that you can see.")}


async def _key(guest: Guest, text: str, user: str) -> str:
    """The chosen key, if it is one of the person that is chosen now."""
    identity = parse_id(text)
    if identity is None:
        return ""
    try:
        one = await api_keys.one(guest.reader, guest.person.tenant, identity)
    except NotFound:
        return ""
    return text if str(one.user_id) == user else ""


async def _keys(guest: Guest, found: Decision | None) -> list[tuple[str, str]]:
    """With what the person of the answer may act: nothing but themselves, or a key of theirs."""
    if found is None:
        return []
    tenant = guest.person.tenant
    of_them = await api_keys.page(guest.reader, tenant, found.user_id, None, _MOST_KEYS)
    keys = [
        (str(one.id), say("With the key %(name)s (%(prefix)s)", name=one.name, prefix=one.prefix))
        for one in of_them
    ]
    return [("", say("As a person who signs in")), *keys] if keys else []


async def _person(guest: Guest, given: Mapping[str, str]) -> UUID:
    return await person_in(guest.reader, guest.person.tenant, given["person"], programs=True)


async def _record(guest: Guest, given: Mapping[str, str]) -> UUID:
    """The record that the box means: an id, the address of its page, or its title."""
    text = given["record"]
    if found := parse_id(text.rstrip("/").rpartition("/")[2].partition("?")[0]):
        return found
    query = guest.desk.query
    near = await suggest(query, guest.reader, guest.person, [given["type"]], bare(text), most=20)
    return meant(near, text, say("Begin to type its name, or paste its page's address.")).id


async def _named(guest: Guest, given: Mapping[str, str], found: Decision | None) -> dict[str, str]:
    """What was asked, ids in the words that people use."""
    shown = dict(given)
    if (user := parse_id(given["person"])) is not None:
        try:
            one = await members.one(guest.reader, guest.person.tenant, user)
            shown["person"] = person_name(one) if one.kind == "service" else one.email
        except NotFound:
            pass
    record = found.record_id if found is not None else None
    if record is not None and given["type"] in guest.desk.registry.by_name:
        who = {given["type"]: [record]}
        names = await titles(guest.desk.query, guest.reader, guest.person, who)
        shown["record"] = names.get(record, given["record"])
    return shown


def _groups(guest: Guest, types: Mapping[str, Definition]) -> list[tuple[str, list[Definition]]]:
    """The types by pack, as the rail has them."""
    return [(label, [types.get(d.name, d) for d in some]) for label, some in readable(guest)]


def _fields(guest: Guest, definition: Definition | None) -> list[tuple[str, str]]:
    if definition is None:
        return [("", say("Any field"))]
    access = guest.person.access(definition)
    seen = [(one.json_path, one.label) for one in fields_of(definition) if access.sees(one)]
    return [("", say("Any field")), *seen]


async def _sentence(
    guest: Guest, shown: Mapping[str, str], definition: Definition | None, found: Decision
) -> str:
    """The answer in a line: `Ada Byron may not change the lead Zoë Ünal.`"""
    who = person_name(await members.one(guest.reader, guest.person.tenant, found.user_id))
    may = _MAY[found.allowed, found.key_id is not None]
    if definition is None or found.verb in ACTS:
        return say(may, who=who, act=say(_WORDS[found.verb]))
    fields = {one.json_path: one.label for one in fields_of(definition)}
    what = within(definition.label_plural)
    if found.record_id is not None:
        kind = within(definition.label)
        what = say("the %(type)s %(name)s", type=kind, name=shown["record"])
    elif found.allowed and found.verb != "create" and not found.field:
        what = say("some %(types)s", types=what)
    if found.field:
        field = fields.get(found.field, found.field)
        what = say("%(field)s of %(what)s", field=field, what=what)
    return say(may, who=who, act=say(_DOES[found.verb], what=what))


def _acts() -> list[tuple[str, str]]:
    return [(name, words.capital(say(text))) for name, text in _WORDS.items()]


HANDLERS = [explain_page, pick_records]
