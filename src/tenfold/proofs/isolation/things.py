"""How to make what the addresses and bodies of the document name: one line for each.

The addresses come from the document. One whose part in braces has no line in `MAKERS`, or a body
with an id whose name tells nothing (`KINDS`), is told as a thing that was not tried.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from itertools import pairwise
from typing import Any, cast
from uuid import uuid4

from tenfold.proofs.document import Id, Operation, Place, Schema
from tenfold.proofs.isolation.caller import Caller, succeeded

Maker = Callable[["Things", str], Awaitable[str]]
RECORD = "/{record_id}"
_KEYS = 3
_OF_LISTS = frozenset({"bulk", "batch-read", "upsert", "search", "aggregate", "export"})


class Unknown(LookupError):
    """Nobody said how to make what is named; the message says where to."""


class LeftOut(LookupError):
    """What is named is not made here, and the message says why."""


class Things:
    """What one organisation has, by the beginning of its address; made when asked for."""

    def __init__(
        self, who: Caller, tenant: str = "", more: Mapping[str, Maker] | None = None
    ) -> None:
        self.who, self.tenant = who, tenant
        self._makers = {**MAKERS, **(more or {})}
        self._made: dict[str, str] = {}

    @property
    def ids(self) -> list[str]:
        """The ids of all that was made."""
        return list(self._made.values())

    async def at(self, place: str) -> str:
        """The value of the last part of an address, like `/v1/leads/{record_id}`."""
        if place not in self._made:
            self._made[place] = await self.new(place)
        return self._made[place]

    def forget(self, place: str) -> None:
        """Let the next one who asks for it have another."""
        self._made.pop(place, None)

    async def new(self, place: str) -> str:
        """The same, made anew."""
        ending = next((end for end in self._makers if place.endswith(end)), "")
        maker = self._makers.get(place) or self._makers.get(ending)
        if maker is None:
            raise Unknown(
                f"Nobody says how to make what {place} names: add a line to MAKERS in "
                "src/tenfold/proofs/isolation/things.py."
            )
        return await maker(self, place)

    async def record(self, place: str, values: Mapping[str, Any]) -> str:
        """The id of a new record with these values."""
        one = self.who.document.at(f"POST {place.removesuffix(RECORD)}")
        assert one is not None, f"nothing is made at {place}"
        given = await self.parameters(one)
        body = {**await self.body(one), **values}
        answer = await self.who.ask(one, given, body)
        for _ in range(_KEYS):  # a record is told one key that is taken at a time
            if answer.code != "DUPLICATE":
                break
            taken = answer.document["error"]["fields"]
            body |= {name: f"x{uuid4().hex[:12]}" for name in taken}
            answer = await self.who.ask(one, given, body)
        return succeeded(one, answer)["data"]["id"]

    async def parameters(self, one: Operation) -> dict[str, str]:
        """Values for the parts in braces of an operation's address, from what is here."""
        return {name: await self.at(place) for name, place in places(one.path)}

    async def of(self, found: Id, path: str) -> Any:
        """An id for a place in the body or the query of an operation at a path."""
        if found.relation == "any":
            return {"type": "contact", "id": await self.of_kind("contact")}
        if found.name in ("id", "ids") and not found.relation:
            return await self.at(_of_path(path))
        kind = found.relation or KINDS.get(found.name) or self._told(found.name, path)
        if not kind:
            raise Unknown(
                f"The id {found.name!r} in {path} tells nothing: add a line to KINDS in "
                "src/tenfold/proofs/isolation/things.py that says what it is the id of."
            )
        return await self.of_kind(kind)

    def _told(self, name: str, path: str) -> str:
        """What a field of the records of a list is the id of, as their other operations say."""
        base, document = _base(path), self.who.document
        for title in (f"POST {base}", f"POST {base}{RECORD}/{name}"):
            one = document.at(title)
            schema = document.body(one) if one is not None else None
            if one is None or schema is None:
                continue
            for found in document.ids(schema):
                if name in (found.name, one.path.rpartition("/")[2]):
                    return related(one, found).relation
        return ""

    async def of_kind(self, kind: str) -> str:
        """The id of a thing of a kind: a record type, `member`, `team` …"""
        if kind == "file":  # none are kept yet
            return str(uuid4())
        if kind == "organization":
            return self.tenant
        if kind in PLACES:
            return await self.at(PLACES[kind])
        return await self.at(self.who.document.named(f"create_{kind}").path + RECORD)

    async def body(self, one: Operation) -> Any:
        """A body for an operation, with what it must have and no more; None where it takes none."""
        if one.name in BODIES:
            return BODIES[one.name](self.who)
        schema = self.who.document.body(one)
        if schema is None:
            return None
        body = self._least(one, schema)
        for found in self.who.document.ids(schema):
            if holds(body, found.place):
                put(body, found.place, await self.of(related(one, found), one.path))
        return body

    def _least(self, one: Operation, schema: Schema) -> Any:
        body = self.who.examples.least(schema)
        change = ENDINGS.get(one.path.rpartition("/")[2])
        return body if change is None or one.method != "POST" else change(self, one, body)


def related(one: Operation, found: Id) -> Id:
    """The id as it is meant: the pairs of a relation are of the type that it leads to."""
    to = one.about.get("x-relation", "")
    return Id(found.place, to) if to and not found.relation else found


def places(path: str) -> list[tuple[str, str]]:
    """Each part in braces of an address, with the address up to it."""
    found: list[tuple[str, str]] = []
    at = path.find("{")
    while at >= 0:
        end = path.index("}", at)
        found.append((path[at + 1 : end], path[: end + 1]))
        at = path.find("{", end)
    return found


def words(one: Operation) -> dict[str, str]:
    """What an operation must be asked with besides ids."""
    needed = (a["name"] for a in one.parameters if a["in"] == "query" and a.get("required"))
    return {**dict.fromkeys(needed, "nothing"), **QUESTIONS.get(one.name, {})}


def _of_path(path: str) -> str:
    """`/v1/leads/bulk` is about `/v1/leads/{record_id}`."""
    return _base(path) + RECORD


def _base(path: str) -> str:
    """The address of the list that an address belongs to."""
    whole = path.partition(RECORD)[0]
    first, _, last = whole.rpartition("/")
    return first if last in _OF_LISTS else whole


def holds(body: object, place: Place) -> bool:
    """Whether a body has a value at a place."""
    for part in place:
        if isinstance(part, int):
            if not isinstance(body, list) or len(cast("list[object]", body)) <= part:
                return False
        elif not isinstance(body, dict) or part not in body:
            return False
        body = cast("Any", body)[part]
    return True


def put(body: Any, place: Place, value: object) -> None:
    """Set the value at a place; what leads there is made where it is missing."""
    for part, following in pairwise(place):
        empty: object = [] if isinstance(following, int) else {}
        if isinstance(part, int):
            if len(body) <= part:
                body.append(empty)
        else:
            body.setdefault(part, empty)
        body = body[part]
    last = place[-1]
    if isinstance(last, int) and len(body) <= last:
        body.append(value)
    else:
        body[last] = value


# -- what there is besides records


async def _record(things: Things, place: str) -> str:
    return await things.record(place, {})


async def _grantee(things: Things, place: str) -> str:
    """A team that the record is shared with."""
    one = things.who.document.at(f"POST {place.rpartition('/')[0]}")
    assert one is not None, f"nothing is shared at {place}"
    given, team = await things.parameters(one), await _team(things, "")
    await things.who.made(one.name, {"team_id": team}, **given)
    return team


async def _own_type(things: Things, _: str) -> str:
    name = f"t{uuid4().hex[:12]}"
    await things.who.made("create_type", {"name": name})
    return name


async def _import(things: Things, _: str) -> str:
    return (await things.who.made("create_import", _csv(things.who)))["data"]["id"]


async def _batch(things: Things, _: str) -> str:
    rows = {"records": [{"name": f"{things.who.examples.word} {uuid4()}"}]}
    return (await things.who.made("bulk_create_tags", rows))["meta"]["batch_id"]


async def _member(things: Things, _: str) -> str:
    return (await things.who.made("list_members"))["data"][0]["id"]


async def _team(things: Things, _: str) -> str:
    body = {"name": f"{things.who.examples.word} {uuid4()}"}
    return (await things.who.made("create_team", body))["data"]["id"]


async def _role(things: Things, _: str) -> str:
    name = f"r{uuid4().hex[:12]}"
    await things.who.made("create_role", {"name": name, "grants": {}})
    return name


async def _field(things: Things, _: str) -> str:
    return (await things.who.made("create_custom_field", _new_field(things.who)))["data"]["id"]


async def _session(things: Things, _: str) -> str:
    return (await things.who.made("list_sessions"))["data"][0]["id"]


async def _invitation(things: Things, _: str) -> str:
    made = await things.who.made("create_invitation", _invited(things.who))
    return made["data"]["id"]


async def _service(things: Things, _: str) -> str:
    body = {"name": f"{things.who.examples.word} {uuid4()}"}
    return (await things.who.made("create_service_account", body))["data"]["id"]


async def _key(things: Things, _: str) -> str:
    return (await things.who.made("create_api_key", _new_key(things.who)))["data"]["id"]


async def program_key(things: Things, _: str) -> str:
    """A key of a service account, of which nobody gets a letter; for administrators."""
    account = await things.of_kind("service_account")
    body = {**_new_key(things.who), "user_id": account}
    return (await things.who.made("create_api_key", body))["data"]["id"]


async def pipeline(_things: Things, _place: str) -> str:
    """A type with stages that all members read; it is of no organisation, as it ships."""
    return "deal"


async def _automation(things: Things, _: str) -> str:
    body = _new_automation(things.who)
    return (await things.who.made("create_automation", body))["data"]["id"]


async def _run(things: Things, _: str) -> str:
    automation, record = await _automation(things, ""), await things.of_kind("lead")
    body = {"record_id": record}
    made = await things.who.made("create_automation_run", body, automation_id=automation)
    return made["data"]["id"]


async def _webhook(things: Things, _: str) -> str:
    return (await things.who.made("create_webhook", _NEW_WEBHOOK))["data"]["id"]


async def delivery(things: Things, _: str) -> str:
    """A message to a webhook, which is sent where a worker runs."""
    webhook = await _webhook(things, "")
    await things.who.made("change_webhook", {"enabled": True}, webhook_id=webhook)
    made = await things.who.made("create_webhook_test", webhook_id=webhook)
    return made["data"]["id"]


async def _template(things: Things, _: str) -> str:
    word = things.who.examples.word
    body = {"name": word, "texts": {"en": {"subject": word, "text": word}}}
    return (await things.who.made("create_message_template", body))["data"]["id"]


async def _suppression(things: Things, _: str) -> str:
    address = f"{things.who.examples.word}.{uuid4().hex[:8]}@example.com"
    await things.who.made("create_suppression", {"address": address})
    return address


async def message(things: Things, _: str) -> str:
    """A message to an address that is no example's; it is sent where a worker runs."""
    word = things.who.examples.word
    email = f"{uuid4().hex[:12]}@people.dev"
    lead = await things.record(f"/v1/leads{RECORD}", {"email": email})
    body = {"subject": word, "text": word}
    return (await things.who.made("create_lead_message", body, record_id=lead))["data"]["id"]


async def hook(things: Things, _: str) -> str:
    """The secret of an automation's own address: whoever is told it may send there."""
    steps = [{"do": "wait", "for": "1 day"}]
    about = {"when": {"on": "hook"}, "steps": steps, "enabled": True}
    body = {"name": f"{things.who.examples.word} {uuid4()}", **about}
    made = await things.who.made("create_automation", body)
    return made["data"]["address"].rpartition("/")[2]


def left_out(why: str) -> Maker:
    """Says why something is not made."""

    async def refuse(_things: Things, _place: str) -> str:
        raise LeftOut(why)

    return refuse


# By the whole address, or by its end where many addresses end alike.
MAKERS: Mapping[str, Maker] = {
    RECORD: _record,
    "/shares/{grantee_id}": _grantee,
    "/v1/api-keys/{key_id}": _key,
    "/v1/automations/{automation_id}": _automation,
    "/v1/automation-runs/{run_id}": _run,
    "/v1/message-templates/{template_id}": _template,
    "/v1/messages/{message_id}": left_out("a message would be sent to somebody"),
    "/v1/suppressions/{address}": _suppression,
    "/v1/notices/{notice_id}": left_out("a notice is somebody's own, to whom something happens"),
    "/v1/carriers/{carrier}": left_out("a carrier is of the installation, of no organisation"),
    "/v1/carriers/{carrier}/{secret}": left_out("a carrier is of no organisation"),
    "/v1/carriers/{carrier}/{secret}/{message}": left_out("a carrier is of no organisation"),
    "/v1/hooks/{secret}": left_out("whoever is told the address may send to it"),
    "/v1/webhooks/{webhook_id}": _webhook,
    "/v1/webhook-deliveries/{delivery_id}": left_out("a message would be sent to somebody"),
    "/v1/auth/oidc/{provider}": left_out("a provider is of the installation, of no organisation"),
    "/v1/auth/sessions/{session_id}": _session,
    "/v1/batches/{batch_id}": _batch,
    "/v1/custom-fields/{field_id}": _field,
    "/v1/custom/{type}": _own_type,
    "/v1/imports/{import_id}": _import,
    "/v1/invitations/{invitation_id}": _invitation,
    "/v1/members/{user_id}": _member,
    "/v1/pipelines/{type}": left_out("a type that ships is of no organisation"),
    "/v1/roles/{name}": _role,
    "/v1/service-accounts/{account_id}": _service,
    "/v1/teams/{team_id}": _team,
    "/v1/types/{name}": _own_type,
}
# What the ids of bodies and queries are of, where the document does not say it (`x-relation`).
KINDS: Mapping[str, str] = {
    "automation_id": "automation",
    "created_by": "member",
    "key_id": "api_key",
    "organizationId": "organization",
    "owner_id": "member",
    "parent_id": "team",
    "record_id": "lead",
    "team_id": "team",
    "template_id": "template",
    "to": "member",
    "user_id": "member",
    "webhook_id": "webhook",
}
# What operations must be asked with, where it matters what it is.
QUESTIONS: Mapping[str, Mapping[str, str]] = {
    "read_access_explain": {"type": "lead", "verb": "read"}
}
PLACES: Mapping[str, str] = {
    "api_key": "/v1/api-keys/{key_id}",
    "automation": "/v1/automations/{automation_id}",
    "webhook": "/v1/webhooks/{webhook_id}",
    "member": "/v1/members/{user_id}",
    "service_account": "/v1/service-accounts/{account_id}",
    "team": "/v1/teams/{team_id}",
    "template": "/v1/message-templates/{template_id}",
}


# -- bodies that the document's schemas alone do not tell


def _csv(who: Caller) -> Any:
    word = who.examples.word
    content = f"first_name,last_name\n{word},{word}\n"
    return {"type": "contacts", "filename": f"{word}.csv", "content": content}


def _new_field(who: Caller) -> Any:
    name = f"f{uuid4().hex[:12]}"
    return {"type": "lead", "name": name, "kind": "text", "label": who.examples.word}


def _new_key(who: Caller) -> Any:
    return {"name": f"{who.examples.word} {uuid4()}", "scopes": ["lead:read"]}


def _new_automation(who: Caller) -> Any:
    steps = [{"do": "set", "values": {"notes": who.examples.word}}]
    about = {"type": "lead", "when": {"on": "call"}, "steps": steps, "enabled": True}
    return {"name": f"{who.examples.word} {uuid4()}", **about}


# Switched off, so that nothing is ever sent there; an address needs no name server.
_NEW_WEBHOOK: Mapping[str, Any] = {"url": "https://8.8.8.8/", "events": [], "enabled": False}


def _invited(who: Caller) -> Any:
    return {"email": f"{who.examples.word}.{uuid4().hex[:8]}@example.com"}


BODIES: Mapping[str, Callable[[Caller], Any]] = {
    "create_api_key": _new_key,
    "create_automation": _new_automation,
    "put_automation": _new_automation,
    "create_automation_trial": lambda who: {"automation": _new_automation(who)},
    "create_webhook_replay": lambda _: {"since": "2026-01-01T00:00:00Z"},
    "create_webhook": lambda _: _NEW_WEBHOOK,
    "create_import": _csv,
    "preview_import": _csv,
    "create_custom_field": _new_field,
    "create_invitation": _invited,
    "create_team": lambda who: {"name": f"{who.examples.word} {uuid4()}"},
    "create_role": lambda _: {"name": f"r{uuid4().hex[:12]}", "grants": {}},
    "create_type": lambda _: {"name": f"t{uuid4().hex[:12]}"},
}


def _upserted(things: Things, one: Operation, body: Any) -> Any:
    document, who = things.who.document, things.who
    made = document.at(f"POST {_base(one.path)}")
    row = who.examples.least((document.body(made) if made else None) or {})
    known = {"external_id": f"{who.examples.word} {uuid4()}"}
    return {**body, "key": "external_id", "records": [{**row, **known}]}


def _moved(things: Things, one: Operation, body: Any) -> Any:
    schema = things.who.document.body(one) or {}
    moves = things.who.document.resolved(schema["properties"]["to"])["x-moves"]
    return {**body, "to": next(iter(moves.values()))[0]}


# By the last part of the address that something is posted to.
ENDINGS: Mapping[str, Callable[[Things, Operation, Any], Any]] = {
    "moves": _moved,
    "upsert": _upserted,
}
