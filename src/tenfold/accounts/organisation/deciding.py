"""Why somebody may or may not do something: a decision with all that it was made of.

Each check says whether it lets them, why, and the facts; they may do what all of them let them. A
new rule that can refuse somebody belongs into CHECKS. A test holds the answers against what the
API really does.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal
from uuid import UUID

import msgspec

from tenfold.accounts.organisation import deciding_acts
from tenfold.accounts.organisation.acts import ActName
from tenfold.accounts.organisation.deciding_acts import ActQuestion
from tenfold.accounts.organisation.whom import Finding, Whom, belongs, good_key, second_factor
from tenfold.engine import reach
from tenfold.engine.access import Access, Person, Source, sources
from tenfold.engine.definition import Definition, Field, Scope
from tenfold.engine.reach import How, Whose
from tenfold.engine.scopes import READ, REVEAL, WRITE
from tenfold.kernel.language import mark, say, within

Verb = Literal["read", "create", "update", "delete", "reveal", "share"]

_NAMES = """SELECT (SELECT CASE WHEN m.known_at IS NULL THEN u.email
        ELSE concat_ws(' ', u.first_name, u.last_name) END
    FROM tenfold.members m JOIN tenfold.users u ON u.id = m.user_id
    WHERE m.tenant_id = $1 AND m.user_id = $2),
    (SELECT name FROM tenfold.teams WHERE tenant_id = $1 AND id = $3)"""
_SHARE = """SELECT grantee_id, may, shared_by, created_at FROM tenfold.shares
WHERE tenant_id = $1 AND record_id = $2 AND grantee_id = ANY ($3)
ORDER BY may = 'update' DESC, created_at LIMIT 1"""
_SCOPE: Mapping[Verb, str] = {
    "read": READ,
    "create": WRITE,
    "update": WRITE,
    "delete": WRITE,
    "reveal": REVEAL,
    "share": WRITE,
}
_DOES = {
    "create": mark("make %(things)s"),
    "read": mark("read %(things)s"),
    "update": mark("change %(things)s"),
    "delete": mark("delete %(things)s"),
    "share": mark("share %(things)s"),
}
_SCOPES: dict[Scope, str] = {
    "own": mark("their own"),
    "team": mark("their own and those of their team and the teams below it"),
    "open": mark("all but what others keep private"),
    "all": mark("all of them"),
}
_ORIGINS = {
    "organization": mark("of the organisation"),
    "shipped": mark("of a pack"),
    "own": mark("of your own"),
}
_SHARED = {
    "read": mark("%(whose)s, and is shared with them to read."),
    "update": mark("%(whose)s, and is shared with them to change."),
}
_BY_ROLE = mark("The role %(roles)s lets them %(do)s.")
_BY_ROLE_WITHIN = mark("The role %(roles)s lets them %(do)s: %(reach)s.")
_NO_ROLE = mark("No role of theirs lets them %(do)s.")


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """Whether somebody may do something, and every check that has a say in it.

    `type` is null for what is done in the organisation, and not with records.
    """

    allowed: bool
    user_id: UUID
    key_id: UUID | None
    verb: Verb | ActName
    type: str | None = None
    record_id: UUID | None = None
    field: str | None = None
    checks: list[Finding]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: may this person, or program, do this with this type, record or field."""

    who: Whom
    definition: Definition
    verb: Verb
    record: Whose | None = None
    field: Field | None = None

    @property
    def them(self) -> Person:
        """The person, who is there."""
        return self.who.them

    @property
    def access(self) -> Access:
        """What they may do with the type."""
        return self.them.access(self.definition)

    @property
    def roles_access(self) -> Access:
        """The same without what an API key leaves of it."""
        return replace(self.them, scopes=None, _made={}).access(self.definition)

    @property
    def many(self) -> str:
        """What people call the type's records."""
        return within(self.definition.label_plural)


async def decide(question: Question | ActQuestion) -> Decision:
    """Ask every check; all of them must let the person."""
    who = question.who
    if isinstance(question, ActQuestion):
        found = await deciding_acts.findings(question)
        return _decision(who, question.act, found)
    checks = CHECKS if who.caller is not None else ()
    asked = [await belongs(who), *[await check(question) for check in checks]]
    shown = question.field
    return _decision(
        who,
        question.verb,
        [finding for finding in asked if finding is not None],
        type=question.definition.name,
        record_id=question.record.id if question.record else None,
        field=shown.json_path if shown else None,
    )


def _decision(who: Whom, verb: Verb | ActName, found: list[Finding], **about: Any) -> Decision:
    return Decision(
        allowed=all(finding.passed for finding in found),
        user_id=who.member.id,
        key_id=who.key.id if who.key else None,
        verb=verb,
        checks=found,
        **about,
    )


# -- the checks


async def _key(question: Question) -> Finding | None:
    return await good_key(question.who)


async def _factor(question: Question) -> Finding | None:
    return await second_factor(question.who)


async def _scope(question: Question) -> Finding | None:
    """Whether the key's scopes name the verb."""
    key, scopes, kind = question.who.key, question.them.scopes, question.definition.name
    if key is None or scopes is None:
        return None
    # What is done with a record of which one may not even know would tell of it.
    needed = [_SCOPE[question.verb]]
    if question.verb in ("delete", "reveal", "share", "update"):
        needed.insert(0, READ)
    lacking = [name for name in needed if not scopes.gives(name, kind)]
    named = ", ".join(sorted(scopes.names)) or say("none")
    names = " + ".join(f"{kind}:{name}" for name in lacking)
    reason = say("The key's scopes cover it: %(named)s.", named=named)
    if lacking:
        text = mark("The key's scopes are %(named)s: they lack %(names)s.")
        reason = say(text, named=named, names=names)
    detail = {"scopes": sorted(scopes.names), "needed": [f"{kind}:{name}" for name in needed]}
    return Finding(check="scope", passed=not lacking, reason=reason, detail=detail)


async def _verb(question: Question) -> Finding:
    """Whether a role of theirs lets them do it with any record of the type."""
    verb = {"share": "update", "reveal": "read"}.get(question.verb, question.verb)
    found = sources(question.definition, question.them)
    access = question.roles_access
    if verb == "create":
        granted, scope = access.create, None
        having = [s for s in found if s.grant.create]
    else:
        scope = getattr(access, verb)
        granted = scope != "none"
        having = [s for s in found if granted and getattr(s.grant, verb) == scope]
    do = _do(verb, question.many)
    if not granted:
        reason = say(_NO_ROLE, do=do)
    elif scope:
        reason = say(_BY_ROLE_WITHIN, roles=_named(having), do=do, reach=say(_SCOPES[scope]))
    else:
        reason = say(_BY_ROLE, roles=_named(having), do=do)
    return Finding(
        check="verb",
        passed=granted,
        reason=reason,
        detail={"scope": scope, "roles": _roles(having)},
    )


async def _seen(question: Question) -> Finding | None:
    """Whether they see the record."""
    one = question.record
    if one is None:
        return None
    how = reach.readable(question.access, question.them, one)
    return await _about(question, one, "seen", "read", question.access.read, how)


async def _reached(question: Question) -> Finding | None:
    """Whether the record lies as far as the verb reaches."""
    one, access = question.record, question.access
    if one is None or question.verb in ("read", "create", "reveal"):
        return None
    if question.verb == "update" and not _decides(question):
        how = reach.changeable(access, question.them, one)
        return await _about(question, one, "reached", "update", access.update, how)
    scope = access.delete if question.verb == "delete" else access.update
    how = reach.within(scope, access, question.them, one)
    return await _about(question, one, "reached", question.verb, scope, how)


async def _required(question: Question) -> Finding | None:
    """Whether they may set all that a new record must have."""
    if question.verb != "create":
        return None
    fields = question.definition.fields.values()
    access = question.roles_access
    out = [f for f in fields if f.required and not f.system and not access.sets(f)]
    if not out:
        return None
    seen = [f for f in out if access.sees(f)]
    hidden = [say("a field that is hidden from them")] if len(seen) < len(out) else []
    names = [f.json_name for f in seen]
    listed = ", ".join([*(f.label for f in seen), *hidden])
    reason = say("A new record needs what they may not set: %(fields)s.", fields=listed)
    return Finding(check="required", passed=False, reason=reason, detail={"fields": names})


async def _field(question: Question) -> Finding | None:
    """Whether they may see, set or open the field."""
    one, access = question.field, question.roles_access
    if one is None:
        return None
    found = sources(question.definition, question.them)
    readers = [s for s in found if s.grant.read == access.read != "none"]
    if not access.sees(one):
        hiding = [s for s in readers if one.name in s.grant.hide]
        by_role = mark("%(field)s does not exist for them: the role %(roles)s hides it.")
        computed = mark("%(field)s does not exist for them: it is computed from a hidden field.")
        detail = {"hidden": True, "roles": _roles(hiding)}
        reason = say(by_role if hiding else computed, field=one.label, roles=_named(hiding))
        return Finding(check="field", passed=False, reason=reason, detail=detail)
    if question.verb == "reveal":
        having = [s for s in readers if one.name in s.grant.reveal - s.grant.hide]
        may = one.name in access.reveal
        do = say("open %(field)s", field=one.label)
        reason = say(_BY_ROLE if may else _NO_ROLE, roles=_named(having), do=do)
        return Finding(check="field", passed=may, reason=reason, detail={"roles": _roles(having)})
    if question.verb == "read":
        return Finding(
            check="field", passed=True, reason=say("They see %(field)s.", field=one.label)
        )
    if not one.writable:
        reason = say("%(field)s is computed, and nobody sets it.", field=one.label)
        return Finding(check="field", passed=False, reason=reason, detail={"computed": True})
    locking = [s for s in found if one.name in s.grant.read_only | s.grant.hide]
    may = access.sets(one)
    kept = mark("The role %(roles)s keeps %(field)s from being set.")
    text = mark("They may set %(field)s.") if may else kept
    reason = say(text, roles=_named(locking), field=one.label)
    detail = {} if may else {"read_only": True, "roles": _roles(locking)}
    return Finding(check="field", passed=may, reason=reason, detail=detail)


CHECKS: tuple[Callable[[Question], Awaitable[Finding | None]], ...] = (
    _key,
    _scope,
    _factor,
    _verb,
    _seen,
    _reached,
    _required,
    _field,
)


# -- sentences


def _decides(question: Question) -> bool:
    """Whether the field says whose the record is, or who may see it: a share does not reach so."""
    deciding = ("owner", question.definition.private)
    return question.field is not None and question.field.name in deciding


def _roles(found: Iterable[Source]) -> list[dict[str, str]]:
    return [{"role": s.role, "origin": s.origin} for s in found]


def _named(found: Iterable[Source]) -> str:
    """Roles in words, each of which does something."""
    named = dict.fromkeys(f"{s.role} ({say(_ORIGINS[s.origin])})" for s in found)
    return say(" or ").join(named) or say("they have")


def _do(verb: str, things: str) -> str:
    """What is done with which records, as words after `they may`."""
    return say(_DOES[verb], things=things)


async def _about(
    question: Question, one: Whose, check: str, verb: str, scope: Scope, how: How | None
) -> Finding:
    """How the record comes within their reach, or why it doesn't."""
    tenant = question.them.tenant
    (names,) = await question.who.reader.rows(_NAMES, tenant, one.owner, one.team)
    owner, team = names[0] or say("nobody"), names[1]
    detail: dict[str, Any] = {
        "how": how,
        "scope": scope,
        "owner_id": one.owner,
        "team_id": one.team,
        "private": one.private,
    }
    groups = [question.them.user, *question.them.teams]
    share = await question.who.reader.row(_SHARE, tenant, one.id, groups)
    if share is not None:
        names = ("shared_with", "may", "shared_by", "shared_at")
        detail |= dict(zip(names, share.values(), strict=True))
    whole = mark("It belongs to %(owner)s")
    in_team = mark("It belongs to %(owner)s in the team %(team)s")
    whose = say(in_team if team else whole, owner=owner, team=team)
    every = say("all %(things)s", things=question.many)
    texts: dict[How, str] = {
        "own": mark("They own it."),
        "team": mark("%(whose)s, which is their team or below it."),
        "open": mark("%(whose)s, and is not private."),
        "all": mark("%(whose)s; their role lets them %(do)s."),
        "shared": _SHARED.get(verb, _SHARED["update"]),
    }
    if how is not None:
        reason = say(texts[how], whose=whose, do=_do(verb, every))
    else:
        reason = _beyond(question, scope, verb, whose, shared=share is not None)
    return Finding(
        check=check,
        passed=how is not None,
        reason=reason,
        detail=detail,
    )


def _beyond(question: Question, scope: Scope, verb: str, whose: str, *, shared: bool) -> str:
    """Why a record is out of reach."""
    one = question.record
    assert one is not None
    if scope == "none":
        by_key = mark("%(whose)s; neither role nor key lets them %(do)s.")
        by_role = mark("%(whose)s; no role of theirs lets them %(do)s.")
        text, things = by_key if question.access.by_key else by_role, question.many
    elif one.private:
        less = mark("%(whose)s, who keeps it private and shared it for less than this.")
        text, things = less if shared else mark("%(whose)s, who keeps it private."), ""
    else:
        only = say("only those of their team and the teams below it")
        things = say("only their own") if scope == "own" else only
        less = mark("%(whose)s; the share is for less: they may %(do)s.")
        unshared = mark("%(whose)s, and is not shared with them: they may %(do)s.")
        text = less if shared else unshared
    return say(text, whose=whose, do=_do(verb, things))
