"""An automation read against its organisation's types: what is carried out, and all mistakes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from cronsim import CronSim, CronSimError

from tenfold.automation.spec import (
    Automation,
    Call,
    Changed,
    Create,
    Hooked,
    Mail,
    Met,
    Moved,
    Notify,
    Reached,
    Scheduled,
    Send,
    Set,
    Step,
    Text,
    Wait,
    event,
)
from tenfold.engine.definition import Definition, Field
from tenfold.engine.filtering import Conditions, Group, visible
from tenfold.engine.registry import Registry
from tenfold.engine.tenants import Tenant
from tenfold.engine.types import AnyRef, Date, DateTime, Ref, User
from tenfold.engine.unknown import hint
from tenfold.engine.values import parse
from tenfold.engine.wording import Places, Wording, has_places
from tenfold.kernel import clock
from tenfold.kernel.errors import Invalid, TenfoldError
from tenfold.kernel.spans import Span, span
from tenfold.kernel.spans import clock as time_of_day
from tenfold.messages.recipients import Whom, whom
from tenfold.messages.templates import RECIPIENT
from tenfold.messages.words import Script, Words, problems_of

STEPS = 20
"""How many steps an automation may have."""
NINE = time(9)
"""When a date begins for people: what is set off by a date alone comes then."""
_BARE = (Scheduled, Hooked)


@dataclass(frozen=True, slots=True)
class Filled:
    """Values of a record to write: those that stand fast, and texts with places."""

    fast: Mapping[str, object]
    wordings: Mapping[str, Wording]


NOTHING = Filled({}, {})
NO_TIME = Span()


@dataclass(frozen=True, slots=True)
class Planned:
    """A step that is ready to be taken; which of its parts there are depends on the step."""

    step: Step
    only_if: Group | None = None
    definition: Definition | None = None
    """Of what is made."""
    filled: Filled = NOTHING
    links: tuple[Field, ...] = ()
    """The relations of what is made that lead back to the record."""
    until: Field | None = None
    span: Span = NO_TIME
    at: time | None = None
    whom: Whom | None = None
    script: Script | None = None
    """What is said where there is no template."""
    people: tuple[Field, ...] = ()
    """Who is told."""


@dataclass(frozen=True, slots=True)
class Plan:
    """An automation that is ready to be carried out."""

    automation: Automation
    definition: Definition | None
    where: Group | None
    steps: tuple[Planned, ...]
    field: Field | None = None
    """The date or moment that sets it off."""
    offset: Span = NO_TIME
    at: time | None = None

    @property
    def event(self) -> str:
        """What sets it off, in a word."""
        return event(self.automation)


def plan(automation: Automation, tenant: Tenant) -> Plan:
    """The plan of an automation; raises Invalid with every mistake, each under its place."""
    return _Planning(automation, tenant).plan()


class _Planning:
    def __init__(self, automation: Automation, tenant: Tenant) -> None:
        self.automation, self.tenant, self.person = automation, tenant, tenant.itself
        self.problems: dict[str, str] = {}
        self.definition = self._type("type", automation.type) if automation.type else None

    def plan(self) -> Plan:
        one = self.automation
        if not 1 <= len(one.name.strip()) <= 200:
            self.problems["name"] = "must have 1 to 200 characters"
        if len(one.help) > 1_000:
            self.problems["help"] = "must have at most 1,000 characters"
        if not one.type and not isinstance(one.when, _BARE):
            self.problems["type"] = "is required: name the record type that it is about"
        made, offset, at = self._when()
        where = self._conditions("where", one.where)
        if isinstance(one.when, Met) and one.where is None:
            self.problems["where"] = "is required: name the conditions that are to be met"
        if not 1 <= len(one.steps) <= STEPS:
            self.problems["steps"] = f"must be 1 to {STEPS} steps"
        steps = tuple(self._step(n, step) for n, step in enumerate(one.steps[:STEPS]))
        if self.problems:
            raise Invalid(self.problems)
        return Plan(one, self.definition, where, steps, made, offset, at)

    # -- when

    def _when(self) -> tuple[Field | None, Span, time | None]:
        when = self.automation.when
        if isinstance(when, Scheduled):
            self._schedule(when)
        if self.definition is None:
            return None, Span(), None
        if isinstance(when, Changed):
            for name in when.fields:
                self._field("when.fields", name)
        if isinstance(when, Moved):
            self._stages("when.to", when.to)
            self._stages("when.from", when.left)
        if isinstance(when, Reached):
            made = self._moment("when.field", when.field)
            at = self._clock("when.at", when.at)
            if made is not None and isinstance(made.type, Date):
                at = at or NINE
            return made, self._span("when.offset", when.offset), at
        return None, Span(), None

    def _schedule(self, when: Scheduled) -> None:
        zone = when.zone or self.person.zone
        if zone not in clock.zones():
            self.problems["when.zone"] = "must be a time zone by its name, like America/Chicago"
            return
        try:
            next(CronSim(when.cron, datetime.now(ZoneInfo(zone))))
        except (CronSimError, StopIteration):
            self.problems["when.cron"] = "must be a cron line, like 0 9 * * MON-FRI"

    def _stages(self, place: str, names: Sequence[str]) -> None:
        assert self.definition is not None
        stage = self.definition.status
        if stage is None:
            self.problems["when.on"] = f"{self.definition.label_plural} have no stages"
            return
        for name in names:
            if name not in stage.options:
                told = hint(name, tuple(stage.options))
                self.problems[place] = f"names {name[:60]!r}, which is no stage; {told}"

    # -- what steps are made of

    def _type(self, place: str, name: str) -> Definition | None:
        found = self.tenant.types.get(name)
        if found is None:
            told = hint(name[:60], tuple(self.tenant.types))
            self.problems[place] = f"is no record type; {told}"
        return found

    def _field(self, place: str, name: str, definition: Definition | None = None) -> Field | None:
        definition = definition or self.definition
        assert definition is not None
        try:
            return visible(name, definition, self.person.access(definition))
        except TenfoldError as error:
            self.problems[place] = f"names {name[:60]!r}, which {next(iter(error.fields.values()))}"
            return None

    def _moment(self, place: str, name: str) -> Field | None:
        found = self._field(place, name)
        if found is not None and not isinstance(found.type, Date | DateTime):
            self.problems[place] = f"names {name}, which is no date or moment"
            return None
        return found

    def _span(self, place: str, text: str) -> Span:
        try:
            return span(text)
        except ValueError as error:
            self.problems[place] = str(error)
            return Span()

    def _clock(self, place: str, text: str) -> time | None:
        try:
            return time_of_day(text)
        except ValueError as error:
            self.problems[place] = str(error)
            return None

    def _conditions(self, place: str, given: Mapping[str, Any] | None) -> Group | None:
        """Conditions on the record, as a list's `where` reads them."""
        if given is None:
            return None
        if self.definition is None:
            self.problems.setdefault(place, "needs a type, whose fields the conditions name")
            return None
        person, told = self.person, dict[str, str]()
        reading = Conditions(self.definition, person.access(self.definition), person.locale, told)
        try:
            found = reading.nested(msgspec.json.encode(given).decode())
        except TenfoldError as error:
            told, found = {**told, **error.fields}, None
        for name, text in told.items():
            self.problems[f"{place}{name.removeprefix('where')}"] = text
        return found

    # -- then

    def _step(self, number: int, step: Step) -> Planned:
        place = f"steps[{number}]"
        only_if = self._conditions(f"{place}.only_if", step.only_if)
        if isinstance(step, Set | Wait | Call) and self.definition is None:
            needs_record = not (isinstance(step, Wait) and not step.until)
            if needs_record and not self.automation.type:
                self.problems[place] = "needs a record; name the automation's type"
        match step:
            case Set():
                filled = self._filled(f"{place}.values", step.values, self.definition)
                return Planned(step, only_if, filled=filled)
            case Create():
                made = self._type(f"{place}.type", step.type)
                links = tuple(_links(made, self.definition, step.values))
                filled = self._filled(f"{place}.values", step.values, made, new=True, links=links)
                return Planned(step, only_if, definition=made, filled=filled, links=links)
            case Wait():
                return self._wait(place, step, only_if)
            case Call():
                return Planned(step, only_if)
            case Send():
                return Planned(step, only_if, filled=self._told(f"{place}.data", step.data))
            case Mail() | Text():
                return self._written(place, step, only_if)
            case Notify():
                return self._notified(place, step, only_if)

    def _written(self, place: str, step: Mail | Text, only_if: Group | None) -> Planned:
        """A message: to whom, and what it says where it has words of its own."""
        channel = "email" if isinstance(step, Mail) else "sms"
        found: Whom | str = "needs a record; name the automation's type"
        if self.definition is not None:
            found = whom(step.to, channel, self.definition, self.tenant.registry)
        if isinstance(found, str):
            self.problems[f"{place}.to"] = found
            return Planned(step, only_if)
        subject, html = (step.subject, step.html) if isinstance(step, Mail) else ("", "")
        own = Words(subject=subject, text=step.text, html=html)
        if step.template_id is not None:
            for name in ("subject", "text", "html"):
                if getattr(own, name):
                    self.problems[f"{place}.{name}"] = "can't be given beside a template"
            return Planned(step, only_if, whom=found)
        allowed = places(self.automation, self.definition, self.tenant.registry, RECIPIENT)
        self.problems |= problems_of(channel, own, allowed, place)
        try:
            script = Script(channel, {"": own})
        except ValueError:  # told above
            return Planned(step, only_if)
        return Planned(step, only_if, whom=found, script=script)

    def _notified(self, place: str, step: Notify, only_if: Group | None) -> Planned:
        """Who is told, and what."""
        people: list[Field] = []
        for number, name in enumerate(step.to):
            one = self._colleague(name)
            if one is None:
                told = "must name people of the record who work here, like owner"
                self.problems[f"{place}.to[{number}]"] = told
            else:
                people.append(one)
        if not step.to:
            self.problems[f"{place}.to"] = "is required: name who is told, like owner"
        wording = Wording(step.text)
        if not step.text.strip():
            self.problems[f"{place}.text"] = "is required"
        elif told := self.places.problem(wording):
            self.problems[f"{place}.text"] = told
        filled = Filled({}, {"text": wording})
        return Planned(step, only_if, filled=filled, people=tuple(people))

    def _colleague(self, name: str) -> Field | None:
        if self.definition is None:
            return None
        for one in (*self.definition.fields.values(), *self.definition.custom_fields.values()):
            if isinstance(one.type, User) and name in (one.name, one.json_path):
                return one
        return None

    def _told(self, place: str, values: Mapping[str, Any]) -> Filled:
        """What is told beside the record, by names of the automation's own."""
        fast = {name: value for name, value in values.items() if not has_places(value)}
        wordings = {n: Wording(str(v)) for n, v in values.items() if has_places(v)}
        for name, one in wordings.items():
            if told := self.places.problem(one):
                self.problems[f"{place}.{name}"] = told
        return Filled(fast, wordings)

    def _wait(self, place: str, step: Wait, only_if: Group | None) -> Planned:
        by = self._span(f"{place}.for", step.span)
        at = self._clock(f"{place}.at", step.at)
        until = None
        if step.until and self.definition is not None:
            until = self._moment(f"{place}.until", step.until)
            if until is not None and isinstance(until.type, Date):
                at = at or NINE
        if not (step.span or step.until or step.at):
            self.problems[place] = "must say how long: for, until or at"
        elif by.minutes < 0 and not step.until:
            self.problems[f"{place}.for"] = "must not be negative"
        return Planned(step, only_if, until=until, span=by, at=at)

    def _filled(
        self,
        place: str,
        values: Mapping[str, Any],
        definition: Definition | None,
        *,
        new: bool = False,
        links: Sequence[Field] = (),
    ) -> Filled:
        """The values of a record; what stands fast is read as the API would."""
        given = flat(values)
        fast = {name: value for name, value in given.items() if not has_places(value)}
        wordings = {n: Wording(str(v)) for n, v in given.items() if has_places(v)}
        if not values:
            self.problems[place] = "must name the fields to set"
        if definition is None:
            return Filled(fast, wordings)
        access, locale = self.person.access(definition), self.person.locale
        problems: dict[str, str] = {}
        try:
            parse(body(fast), definition, access, locale, creating=False)
        except TenfoldError as error:
            problems.update(error.fields)
        for name, one in wordings.items():
            if told := self._wording(name, one, definition):
                problems[name] = told
        if new:
            linked = {one.json_name for one in links}
            for one in definition.fields.values():
                lacks = one.required and access.sets(one) and one.json_name not in values
                if lacks and one.json_name not in linked:
                    problems[one.json_name] = "is required"
        self.problems.update({f"{place}.{name}": told for name, told in problems.items()})
        return Filled(fast, wordings)

    def _wording(self, name: str, wording: Wording, definition: Definition) -> str:
        """What is wrong with a text for a field."""
        try:
            one = visible(name, definition, self.person.access(definition))
        except TenfoldError as error:
            return next(iter(error.fields.values()))
        if not self.person.access(definition).sets(one):
            return "can't be set"
        return self.places.problem(wording)

    @property
    def places(self) -> Places:
        """What the automation's texts may name."""
        return places(self.automation, self.definition, self.tenant.registry)


def places(
    automation: Automation,
    definition: Definition | None,
    registry: Registry,
    besides: Mapping[str, tuple[str, ...] | None] | None = None,
) -> Places:
    """What an automation's texts may name: the record's fields, or what its address was sent."""
    more = dict(besides or {})
    if isinstance(automation.when, Hooked):
        more["payload"] = None
    return Places(definition, registry, more)


def flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values with an organisation's own fields by their paths, `custom.wheels`."""
    found = dict(values)
    own = found.pop("custom", None)
    if isinstance(own, dict):
        found |= {f"custom.{name}": one for name, one in cast("dict[str, Any]", own).items()}
    elif own is not None:
        found["custom"] = own
    return found


def body(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same as the API takes them."""
    own = {n.removeprefix("custom."): v for n, v in values.items() if n.startswith("custom.")}
    found = {n: v for n, v in values.items() if not n.startswith("custom.")}
    return {**found, "custom": own} if own else found


def _links(
    made: Definition | None, about: Definition | None, values: Mapping[str, Any]
) -> Iterator[Field]:
    """The relations of a type that lead back to the record's: the only one, and `about`."""
    if made is None or about is None:
        return
    own = [f for f in made.fields.values() if isinstance(f.type, Ref) and f.type.to == about.name]
    if len(own) == 1:
        yield from (f for f in own if f.json_name not in values)
    for one in made.fields.values():
        kind = one.type
        any_of = isinstance(kind, AnyRef) and (not kind.among or about.name in kind.among)
        if any_of and one.json_name not in values:
            yield one


def next_time(when: Scheduled, zone: str, after: datetime) -> datetime:
    """The first time of a schedule after a moment, in UTC."""
    return next(CronSim(when.cron, after.astimezone(ZoneInfo(when.zone or zone)))).astimezone(UTC)


def calls(automation: Automation) -> Iterator[UUID]:
    """The automations that one starts."""
    return (step.automation_id for step in automation.steps if isinstance(step, Call))
