"""Messages that somebody writes by hand about a record that they may read: seen, then sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from tenfold.db.database import Reader, Transaction
from tenfold.engine.access import Person
from tenfold.engine.definition import Definition
from tenfold.engine.tenants import Tenant
from tenfold.engine.told import Teller
from tenfold.engine.wording import Places
from tenfold.kernel.channels import Channel
from tenfold.kernel.errors import Invalid, NotFound
from tenfold.kernel.ids import new_id
from tenfold.messages import manner, recipients, templates, words
from tenfold.messages.posting import Draft, Poster
from tenfold.messages.words import Script, Words

_ME = """SELECT email, concat_ws(' ', first_name, last_name) AS name FROM tenfold.users
WHERE id = $1"""


class NewMessage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A message about a record: by a template, or in words of one's own.

    `to` names whom of the record it is for, like `student` or `owner`; empty: the person that the
    record is.
    """

    channel: Channel = "email"
    to: str = ""
    template_id: UUID | None = None
    subject: str = ""
    text: str = ""
    html: str = ""
    language: str = ""


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What would be sent to whom; `withheld` says why it would not be."""

    channel: Channel
    address: str
    name: str
    language: str
    subject: str
    text: str
    html: str
    withheld: str


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes messages of an installation."""

    teller: Teller
    poster: Poster

    async def draft(
        self,
        reader: Reader,
        tenant: Tenant,
        person: Person,
        definition: Definition,
        identity: UUID,
        wanted: NewMessage,
        now: datetime,
    ) -> Draft:
        """The message as it would be sent; raises NotFound, or Invalid with all that is wrong."""
        script, mailing = await self._script(reader, tenant, definition, wanted)
        registry = self.teller.query.registry
        whom = recipients.whom(wanted.to, wanted.channel, definition, registry)
        if isinstance(whom, str):
            raise Invalid({"to": whom})
        places = Places(definition, registry, templates.RECIPIENT)
        wordings = [*script.wordings()]
        embeds = places.embeds(wordings)
        embeds += whom.embeds(embeds)
        read = await self.teller.records(reader, person, definition, [identity], wordings, embeds)
        told = read.get(identity)
        if told is None:
            raise NotFound(f"There is no {definition.label.lower()} with the id {identity}.")
        found = whom.found(told.record)
        if isinstance(found, UUID):
            found = (await recipients.colleagues(reader, tenant.id, [found])).get(found)
        if found is None:
            raise Invalid({"to": "is nobody: the record names none"})
        language = wanted.language or found.language
        values = {
            **self.teller.common(tenant, person, now),
            **told.values,
            "recipient": {"name": found.name, "address": found.address},
        }
        how = await manner.manner(reader, tenant.id)
        foot = self.poster.foot(tenant, how, found, mailing=mailing)
        try:
            said = script.say(language, values, foot)
        except ValueError as error:
            raise Invalid({"text": str(error)}) from None
        me = await reader.row(_ME, person.user)
        return Draft(
            key=f"person {new_id()}",
            channel=wanted.channel,
            to=found,
            said=said,
            mailing=mailing,
            type=definition.name,
            record=identity,
            by=person.user,
            by_name=me["name"] if me else "",
            reply_to=me["email"] if me else "",
            owner=person.user,
            template=wanted.template_id,
            quiet=False,
        )

    async def _script(
        self, reader: Reader, tenant: Tenant, definition: Definition, wanted: NewMessage
    ) -> tuple[Script, bool]:
        """What it says, and whether it is a mailing."""
        if wanted.template_id is None:
            own = Words(subject=wanted.subject, text=wanted.text, html=wanted.html)
            places = Places(definition, tenant.registry, templates.RECIPIENT)
            problems = words.problems_of(wanted.channel, own, places, "")
            if problems:
                raise Invalid({name.removeprefix("."): told for name, told in problems.items()})
            return Script(wanted.channel, {wanted.language or "en": own}), False
        for name in ("subject", "text", "html"):
            if getattr(wanted, name):
                raise Invalid({name: "can't be given beside a template"})
        template = await templates.one(reader, tenant, wanted.template_id)
        if template.channel != wanted.channel:
            raise Invalid({"template_id": f"is a template for {template.channel}"})
        if template.type not in ("", definition.name):
            raise Invalid({"template_id": f"is about {template.type}, not {definition.name}"})
        if template.problem:
            raise Invalid({"template_id": f"can't be sent any more: {template.problem}"})
        return Script(template.channel, template.texts), template.mailing

    async def preview(self, reader: Reader, tenant: Tenant, draft: Draft) -> Preview:
        """What a draft would say to whom, and whether it would be sent."""
        return Preview(
            channel=draft.channel,
            address=draft.to.address,
            name=draft.to.name,
            language=draft.said.language,
            subject=draft.said.subject,
            text=draft.said.text,
            html=draft.said.html,
            withheld=await self.poster.withheld(reader, tenant, draft),
        )

    async def send(self, tx: Transaction, tenant: Tenant, draft: Draft, now: datetime) -> UUID:
        """Write a draft down and have it sent; raises Invalid where it may not be."""
        if told := await self.poster.withheld(tx, tenant, draft):
            raise Invalid({"to": f"can't be written to: {told}"})
        (posted,) = await self.poster.post(tx, tenant, [draft], now)
        assert posted.id is not None
        return posted.id
