"""The steps of automations that say something to somebody: mails, text messages, notices."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from tenfold.automation.act import Act, Reads, fail, reason_of
from tenfold.automation.plan import Planned, places
from tenfold.automation.runs import Mark, Run
from tenfold.kernel.errors import Invalid, TenfoldError
from tenfold.kernel.ids import parse_id
from tenfold.messages import notices, templates
from tenfold.messages.manner import manner
from tenfold.messages.notices import Notice
from tenfold.messages.posting import Draft, Poster
from tenfold.messages.recipients import Recipient, colleagues
from tenfold.messages.words import Script


class Speaker:
    """Takes the steps that say something."""

    def __init__(self, reads: Reads, poster: Poster) -> None:
        self._reads, self._poster = reads, poster

    async def write(self, act: Act, number: int, step: Planned, some: list[Run]) -> None:
        """Write to somebody whom the records name, once for each run."""
        assert step.whom is not None
        some = [run for run in some if not _hushed(run, number, act.now)]
        try:
            script, mailing = await self._script(act, step)
        except TenfoldError as error:
            for run in some:
                fail(run, number, reason_of(error))
            return
        wordings = [*script.wordings()]
        named = places(act.plan.automation, act.definition, self._reads.teller.query.registry)
        more = step.whom.embeds(named.embeds(wordings))
        some = await self._reads.read(act, some, wordings, record=True, more=more)
        found = {run.id: step.whom.found(run.found) for run in some if run.found is not None}
        asked = [one for one in found.values() if isinstance(one, UUID)]
        people: Mapping[UUID, Recipient] = {}
        if asked:
            people = await colleagues(act.tx, act.tenant.id, asked)
        how = await manner(act.tx, act.tenant.id)
        drafts: list[tuple[Run, Draft]] = []
        for run in some:
            one = found.get(run.id)
            to = people.get(one) if isinstance(one, UUID) else one
            if to is None:
                run.trail.append(_not_sent(number, act.now, "the record names nobody there"))
                continue
            values = {**run.values, "recipient": {"name": to.name, "address": to.address}}
            foot = self._poster.foot(act.tenant, how, to, mailing=mailing)
            try:
                said = script.say(to.language, values, foot)
            except ValueError as error:
                fail(run, number, str(error))
                continue
            owner = parse_id(str(run.values.get("owner_id")))
            drafts.append(
                (
                    run,
                    Draft(
                        key=f"run {run.id} {number}",
                        channel=script.channel,
                        to=to,
                        said=said,
                        mailing=mailing,
                        type=act.definition.name,
                        record=run.record,
                        owner=owner,
                        template=getattr(step.step, "template_id", None),
                        depth=run.depth,
                    ),
                )
            )
        posted = await self._poster.post(act.tx, act.tenant, [d for _, d in drafts], act.now)
        for (run, draft), one in zip(drafts, posted, strict=True):
            if one.reason:
                run.trail.append(_not_sent(number, act.now, one.reason))
                continue
            mark = Mark(step=number, did="wrote", at=act.now, text=draft.to.address, record=one.id)
            run.trail.append(mark)

    async def _script(self, act: Act, step: Planned) -> tuple[Script, bool]:
        """What a message says, and whether it is a mailing; raises where its template is gone."""
        if step.script is not None:
            return step.script, False
        identity: UUID = getattr(step.step, "template_id")  # noqa: B009 - of two kinds of steps
        template = await templates.one(act.tx, act.tenant, identity)
        if template.problem:
            raise Invalid({}, f"The template can't be sent any more: {template.problem}")
        return Script(template.channel, template.texts), template.mailing

    async def notify(self, act: Act, number: int, step: Planned, some: list[Run]) -> None:
        """Tell people of the records in the product, once for each run."""
        some = [run for run in some if not _hushed(run, number, act.now)]
        wording = step.filled.wordings["text"]
        some = await self._reads.read(act, some, [wording], record=True)
        told: list[Notice] = []
        for run in some:
            text = wording.render(run.values)
            users = {parse_id(str(_at(run.values, one.json_path))) for one in step.people}
            known = sorted(one for one in users if one is not None)
            told += [_notice(act, run, number, user, text) for user in known]
            did = "told" if known else "left out"
            run.trail.append(Mark(step=number, did=did, at=act.now))
        await notices.post(act.tx, told)


def _notice(act: Act, run: Run, number: int, user: UUID, text: str) -> Notice:
    key, kind = f"run {run.id} {number}", act.definition.name
    return Notice(key=key, user=user, kind="automation", type=kind, record=run.record, text=text)


def _at(values: Mapping[str, Any], path: str) -> object:
    found: Any = values
    for part in path.split("."):
        found = found.get(part) if found else None
    return found


def _hushed(run: Run, number: int, now: datetime) -> bool:
    """Whether a run says nothing to anybody, which it then notes."""
    if run.silent:
        run.trail.append(_not_sent(number, now, "it comes of an import"))
    return run.silent


def _not_sent(number: int, now: datetime, why: str) -> Mark:
    return Mark(step=number, did="not sent", at=now, text=why)
