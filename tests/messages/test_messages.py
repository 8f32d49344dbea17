"""Messages by HTTP: written, sent once, answered, come back, left alone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.exchange.imports import Person
from tests.factories import Organisation
from tests.following import sooner
from tests.messages.conftest import Post
from tests.messages.doubles import KEY, Resend, Twilio, served, url_of
from twilio.request_validator import RequestValidator

from tenfold.kernel.ids import new_id
from tenfold.messages import addresses
from tenfold.messages.keys import Known, known
from tenfold.messages.manner import Manner

pytestmark = pytest.mark.anyio


def somebody() -> str:
    """An address of its own."""
    return f"{new_id().hex[-12:]}@people.dev"


async def lead(post: Post, **values: Any) -> dict[str, Any]:
    body = {"first_name": "Ada", "last_name": "Byron", "email": somebody(), **values}
    return await post.who.post("/v1/leads", body, 201)


async def test_a_mail_by_hand_is_sent_and_stands_with_the_record(post: Post) -> None:
    one = await lead(post)
    body = {"subject": "Your house, {{ first_name }}", "text": "Dear {{ recipient.name }},\n\nhi."}
    seen = await post.who.post(f"/v1/leads/{one['id']}/messages/preview", body, 200)
    assert (seen["subject"], seen["withheld"]) == ("Your house, Ada", "")
    assert "<p" in seen["html"]
    assert await post.about(f"leads/{one['id']}") == [], "a preview sends nothing"
    made = await post.write(f"leads/{one['id']}", **body)
    assert made["state"] == "waiting"
    await post.settle()
    (kept,) = await post.about(f"leads/{one['id']}")
    assert (kept["state"], kept["address"]) == ("kept", one["email"])
    (letter,) = await post.outbox(one["email"])
    assert letter.letter.subject == "Your house, Ada"
    assert letter.letter.text == "Dear Ada Byron,\n\nhi.\n"
    assert "Dear Ada Byron," in letter.letter.html
    (activity,) = await post.who.every("activities")
    assert activity["subject"] == "Your house, Ada"
    assert (activity["kind"], activity["direction"]) == ("email", "outbound")
    assert activity["about"] == {"type": "lead", "id": one["id"]}


async def test_a_message_that_can_not_be_is_told_field_by_field(post: Post) -> None:
    one, bare = await lead(post), await lead(post, email=None)
    wrong: list[tuple[str, dict[str, Any], str, str]] = [
        (one["id"], {"subject": "x", "text": ""}, "text", "is required"),
        (one["id"], {"subject": "", "text": "x"}, "subject", "is required"),
        (one["id"], {"subject": "{{ nme }}", "text": "x"}, "subject", "there is not"),
        (one["id"], {"subject": "x", "text": "{{ 'a' | evil }}"}, "text", "filter"),
        (one["id"], {"subject": "x", "text": "x", "to": "nobody"}, "to", "owner"),
        (one["id"], {"subject": "x", "text": "x", "template_id": str(new_id())}, "", ""),
        (one["id"], {"channel": "sms", "subject": "x", "text": "x"}, "subject", "only a text"),
        (one["id"], {"channel": "fax", "text": "x"}, "channel", ""),
        (bare["id"], {"subject": "x", "text": "x"}, "to", "no address"),
    ]
    for record, body, field, told in wrong:
        for path in ("messages", "messages/preview"):
            if record == bare["id"] and path == "messages/preview":
                continue  # which says so itself
            answer = await post.who.client.post(
                f"/v1/leads/{record}/{path}", json=body, headers=post.who.who.headers
            )
            assert answer.status_code in (400, 404), (body, answer.text)
            if field:
                assert told in answer.json()["error"]["fields"][field], answer.text
    assert await post.about(f"leads/{one['id']}") == []


async def test_a_template_speaks_the_language_of_whom_it_is_for(post: Post) -> None:
    texts = {
        "en": {"subject": "Hello {{ first_name }}", "text": "Welcome"},
        "de": {
            "subject": "Guten Tag {{ first_name }}",
            "text": "Willkommen <b>",
            "html": "<i>W</i>",
        },
    }
    made = await post.who.post(
        "/v1/message-templates", {"name": "Welcome", "type": "contact", "texts": texts}, 201
    )
    assert [*made["texts"]] == ["en", "de"]
    found: dict[str, str] = {}
    for language in ("de-AT", "fr", ""):
        body = {"first_name": "Ada", "email": somebody(), "language": language or None}
        one = await post.who.post("/v1/contacts", body, 201)
        sent = await post.write(f"contacts/{one['id']}", template_id=made["id"])
        found[language] = sent["subject"]
    assert found == {"de-AT": "Guten Tag Ada", "fr": "Hello Ada", "": "Hello Ada"}
    wrong = {
        "en": {"subject": "{{ budget }}", "text": "x"},
        "e n": {"subject": "x", "text": ""},
    }
    refused = await post.who.client.post(
        "/v1/message-templates",
        json={"name": "x" * 300, "type": "contact", "texts": wrong},
        headers=post.who.who.headers,
    )
    fields = refused.json()["error"]["fields"]
    assert {*fields} == {"name", "texts.en.subject", "texts.e n", "texts.e n.text"}


async def test_html_that_somebody_wrote_runs_nothing(post: Post) -> None:
    one = await lead(post, first_name="<img src=x onerror=alert(1)>")
    html = (
        "<p style='color:red;position:fixed'>Hi {{ first_name }}</p><script>alert(1)</script>"
        "<a href='javascript:alert(1)'>x</a><iframe src='//evil'></iframe>"
    )
    seen = await post.who.post(
        f"/v1/leads/{one['id']}/messages/preview",
        {"subject": "x", "text": "x", "html": html},
        200,
    )
    body = seen["html"].partition("<body")[2]
    assert "color:red" in body
    assert not re.search(r"<script|<iframe|javascript:|position|<img", body)


# -- mailings


async def mailing(post: Post, **more: Any) -> dict[str, Any]:
    texts = {"en": {"subject": "News", "text": "New houses."}}
    return await post.who.post(
        "/v1/message-templates", {"name": "News", "mailing": True, "texts": texts, **more}, 201
    )


async def test_a_mailing_needs_leave_and_is_refused_by_one_click(post: Post) -> None:
    made = await mailing(post)
    unasked, asked = await lead(post), await lead(post, email_opt_in=True)
    told = await post.refused_for(f"leads/{unasked['id']}", template_id=made["id"])
    assert "did not agree" in told["to"]
    body = {"postal_address": "1 Main St\nSpringfield"}
    await post.who.patch("/v1/message-settings", body)
    await post.write(f"leads/{asked['id']}", template_id=made["id"])
    await post.settle()
    (letter,) = await post.outbox(asked["email"])
    assert "1 Main St · Springfield" in letter.letter.text
    link = re.search(r"http\S+/unsubscribe/\S+", letter.letter.text)
    assert link is not None
    path = "/" + link[0].split("/", 3)[3]
    page = await post.who.client.get(path)
    assert asked["email"] in page.text
    again = await post.write(f"leads/{asked['id']}", template_id=made["id"])
    assert again["state"] == "waiting", "to look changes nothing"
    await post.settle()
    one_click = await post.who.client.post(path, data={"List-Unsubscribe": "One-Click"})
    assert one_click.status_code == 200, one_click.text
    told = await post.refused_for(f"leads/{asked['id']}", template_id=made["id"])
    assert "unsubscribed" in told["to"]
    # What concerns them alone still goes.
    await post.write(f"leads/{asked['id']}", subject="Your question", text="Yes.")
    (held,) = await post.who.get("/v1/suppressions")
    assert (held["address"], held["reason"]) == (asked["email"], "unsubscribed")
    for wrong in (path[:-2], path + "A", "/unsubscribe/x", "/unsubscribe/%00"):
        assert (await post.who.client.get(wrong)).status_code == 404


async def test_who_says_no_while_it_waits_gets_nothing(
    post: Post, owner: asyncpg.Connection
) -> None:
    night = (datetime.now(UTC).hour) % 24
    hours = {"quiet_from": f"{night:02}:00", "quiet_until": f"{(night + 2) % 24:02}:00"}
    await post.who.patch("/v1/message-settings", hours)
    one = await lead(post)
    steps = [{"do": "email", "subject": "Hi", "text": "{{ first_name }}"}]
    await post.make(name="Hi", type="lead", when={"on": "call"}, steps=steps)
    (automation,) = await post.who.get("/v1/automations")
    await post.who.post(f"/v1/automations/{automation['id']}/runs", {"record_id": one["id"]}, 201)
    await post.settle()
    (held,) = await post.about(f"leads/{one['id']}")
    assert held["state"] == "waiting", "people are left alone at this hour"
    assert held["due_at"] > held["created_at"]
    body = {"address": one["email"].upper(), "channel": "email"}
    await post.who.post("/v1/suppressions", body, 201)
    await owner.execute(
        "UPDATE tenfold.messages SET due_at = now() WHERE tenant_id = $1", post.tenant
    )
    await sooner(owner, post.tenant, "1 day")
    await post.settle()
    (left,) = await post.about(f"leads/{one['id']}")
    assert (left["state"], left["reason"]) == ("withheld", "left alone: by_hand")
    assert await post.outbox(one["email"]) == []


async def test_examples_and_imports_are_written_to_by_nobody(post: Post) -> None:
    steps = [
        {"do": "email", "subject": "Hi", "text": "x"},
        {"do": "sms", "text": "x"},
        {"do": "notify", "text": "x"},
    ]
    await post.make(name="Hi", type="lead", when={"on": "created"}, steps=steps, on_import=True)
    sample = await lead(post, email="ada@example.com", phone="+12025550143", sms_consent=True)
    await post.settle()
    for one in await post.about(f"leads/{sample['id']}"):
        assert (one["state"], one["reason"]) == ("withheld", "it is the address of an example")
    file = f"first_name,last_name,email\nGrace,Hopper,{somebody()}\n".encode()
    answer = await post.who.client.post(
        "/v1/imports",
        data={"type": "lead"},
        files={"file": ("leads.csv", file, "text/csv")},
        headers=post.who.who.headers,
    )
    assert answer.status_code in (200, 201, 202), answer.text


# -- what carriers tell


def whole(message: dict[str, Any], post: Post) -> str:
    return Known(post.tenant, UUID(message["id"])).key


async def sent(post: Post, **values: Any) -> tuple[dict[str, Any], str]:
    """A mail that was sent about a lead, and its key."""
    one = await lead(post, **values)
    made = await post.write(f"leads/{one['id']}", subject="Hi", text="Hello")
    await post.settle()
    return one, whole(made, post)


async def test_a_bounce_is_told_once_and_the_address_left_alone(post: Post) -> None:
    one, key = await sent(post)
    told = {
        "RecordType": "Bounce",
        "Type": "HardBounce",
        "Metadata": {"message": key},
        "Description": "The server was unable to deliver your message",
    }
    for _ in range(2):
        assert (await post.bring("postmark", json=told)).status_code == 204
    (message,) = await post.about(f"leads/{one['id']}")
    assert message["state"] == "bounced"
    assert "unable to deliver" in message["reason"]
    (notice,) = await post.who.get("/v1/notices")
    assert (notice["kind"], notice["record_id"]) == ("bounce", one["id"])
    told = await post.refused_for(f"leads/{one['id']}", subject="Hi", text="Hello")
    assert "came back" in told["to"]
    read = await post.who.post("/v1/notices/read-all", {}, 200)
    assert read == {"read": 1, "unread": 0}
    # Told late that it was delivered, we know better.
    await post.bring("postmark", json={"RecordType": "Delivery", "Metadata": {"message": key}})
    (message,) = await post.about(f"leads/{one['id']}")
    assert message["state"] == "bounced"


async def test_each_service_is_understood(post: Post) -> None:
    one, key = await sent(post)
    told: list[tuple[str, Any, str]] = [
        ("sendgrid", [{"event": "delivered", "message": key}], "delivered"),
        (
            "resend",
            {"type": "email.complained", "data": {"email_id": "x", "tags": {"message": key}}},
            "complained",
        ),
    ]
    for carrier, body, state in told:
        assert (await post.bring(carrier, json=body)).status_code == 204
        (message,) = await post.about(f"leads/{one['id']}")
        assert message["state"] == state
    (held,) = await post.who.get("/v1/suppressions")
    assert held["reason"] == "complained"
    for carrier in ("sendgrid", "resend", "postmark"):
        refused = await post.bring(carrier, content=b"{", headers={"content-type": "text/plain"})
        assert refused.status_code == 400
    path = "/v1/carriers/resend/guessed"
    assert (await post.who.client.post(path, json={})).status_code == 404


async def test_an_answer_finds_its_record(post: Post) -> None:
    one, key = await sent(post)
    raw = (
        f"From: Ada Byron <{one['email']}>\r\nTo: reply-{key}@reply.engines.dev\r\n"
        "Subject: Re: Hi\r\nMessage-ID: <abc@people.dev>\r\n\r\n"
        "Yes, Tuesday.\r\n\r\nOn Mon, Nov 23, 2026 at 9:00 AM CRM <crm@engines.dev> wrote:\r\n"
        "> Hello\r\n"
    )
    for _ in range(2):
        answer = await post.bring("mail", content=raw.encode())
        assert answer.status_code == 204
    incoming, outgoing = await post.about(f"leads/{one['id']}")
    assert (incoming["state"], incoming["text"]) == ("received", "Yes, Tuesday.")
    assert incoming["answers_id"] == outgoing["id"]
    assert outgoing["answered_at"] is not None
    kinds = [(a["direction"], a["body"]) for a in await post.who.every("activities")]
    assert ("inbound", "Yes, Tuesday.") in kinds
    (notice,) = await post.who.get("/v1/notices", unread="true")
    assert notice["kind"] == "reply"
    assert "Yes, Tuesday." in notice["text"]


async def test_an_answer_by_its_references_and_what_a_machine_writes(post: Post) -> None:
    one, key = await sent(post)
    raw = (
        f"From: {one['email']}\r\nTo: crm@engines.dev\r\nIn-Reply-To: <{key}@engines.dev>\r\n"
        "Auto-Submitted: auto-replied\r\nMessage-ID: <away@people.dev>\r\n\r\nI am away.\r\n"
    )
    await post.bring("mail", content=raw.encode())
    incoming, outgoing = await post.about(f"leads/{one['id']}")
    assert incoming["text"] == "I am away."
    assert outgoing["answered_at"] is None, "a machine's answer is none"
    assert await post.who.get("/v1/notices") == []
    nobody = b"From: x@people.dev\r\nTo: y@people.dev\r\nMessage-ID: <n@x>\r\n\r\nHi\r\n"
    assert (await post.bring("mail", content=nobody)).status_code == 204


async def test_a_report_of_a_mail_server_is_a_bounce(post: Post) -> None:
    one, key = await sent(post)
    raw = (
        "From: mailer-daemon@x.dev\r\nTo: crm@engines.dev\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nIt came back.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x.dev\r\n\r\n"
        f"Final-Recipient: rfc822; {one['email']}\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 no such user\r\n\r\n"
        f"--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <{key}@engines.dev>\r\n"
        "Subject: Hi\r\n\r\nHello\r\n--b--\r\n"
    )
    assert (await post.bring("mail", content=raw.encode())).status_code == 204
    (message,) = await post.about(f"leads/{one['id']}")
    assert message["state"] == "bounced"
    assert "no such user" in message["reason"]


# -- text messages


async def test_a_text_message_is_answered_and_stopped(post: Post) -> None:
    number = f"+1415{str(int(new_id().hex[-8:], 16))[-7:]}"
    async with served(Twilio()) as service:
        post.settings = msgspec.structs.replace(post.settings, sms_url=url_of("twilio", service))
        post.desk.settings = post.settings
        one = await lead(post, phone=number, sms_consent=True)
        await post.write(f"leads/{one['id']}", channel="sms", text="Tuesday?")
        await post.settle()
        (form,) = service.taken
        assert form["Body"] == "Tuesday?"
        path = form["StatusCallback"].partition("/v1/")[2]
        status = {"MessageSid": "SM1", "MessageStatus": "delivered"}
        assert await signed(post, f"/v1/{path}", status) == 200
        assert await signed(post, f"/v1/{path}", status, token="wrong") == 403
        (message,) = await post.about(f"leads/{one['id']}")
        assert message["state"] == "delivered"
        here = addresses_path(post)
        answer = {"MessageSid": "SM2", "From": number, "To": "+14155550006", "Body": "Yes!"}
        assert await signed(post, here, answer) == 200
        incoming, _ = await post.about(f"leads/{one['id']}")
        assert incoming["text"] == "Yes!"
        await signed(post, here, {**answer, "MessageSid": "SM3", "Body": "STOP"})
        told = await post.refused_for(f"leads/{one['id']}", channel="sms", text="But")
        assert "unsubscribed" in told["to"]
        await signed(post, here, {**answer, "MessageSid": "SM4", "Body": "Start"})
        await post.write(f"leads/{one['id']}", channel="sms", text="Welcome back")


def addresses_path(post: Post) -> str:
    return addresses.path_of(post.desk.keyring, "twilio")


async def signed(post: Post, path: str, form: dict[str, str], token: str = Twilio.token) -> int:
    """What Twilio sends, signed by its own library."""
    signature = RequestValidator(token).compute_signature(
        f"{post.desk.settings.address}{path}", form
    )
    answer = await post.who.client.post(path, data=form, headers={"x-twilio-signature": signature})
    return answer.status_code


# -- sent by a service


async def test_a_service_that_is_down_is_asked_again_and_takes_it_once(
    post: Post, owner: asyncpg.Connection
) -> None:
    async with served(Resend()) as service:
        post.settings = msgspec.structs.replace(post.settings, mail_url=url_of("resend", service))
        service.moods = ["broken"]
        one = await lead(post)
        await post.write(f"leads/{one['id']}", subject="Hi", text="Hello")
        await post.settle()
        (message,) = await post.about(f"leads/{one['id']}")
        assert (message["state"], message["reason"]) == ("waiting", "the service answered 500")
        await sooner(owner, post.tenant, "1 hour")
        await post.settle()
        (message,) = await post.about(f"leads/{one['id']}")
        assert message["state"] == "sent"
        (taken,) = service.taken
        assert taken["to"] == [one["email"]]
        assert taken["reply_to"].startswith("reply-")
        # Handed over, and not written down before the worker died: the same again, taken once.
        await owner.execute(
            "UPDATE tenfold.messages SET state = 'waiting' WHERE tenant_id = $1", post.tenant
        )
        await post.who.post(f"/v1/messages/{message['id']}/cancel", {}, 200)
        assert KEY in url_of("resend", service)


async def test_automations_write_once_however_often_they_are_carried_out(post: Post) -> None:
    steps = [
        {"do": "email", "subject": "Welcome {{ first_name }}", "text": "Ask {{ owner.name }}."},
        {"do": "notify", "text": "{{ first_name }} is new"},
    ]
    made = await post.make(name="Welcome", type="lead", when={"on": "created"}, steps=steps)
    one = await lead(post)
    await post.settle()
    await post.rewind()
    await post.settle()
    (message,) = await post.about(f"leads/{one['id']}")
    assert (message["subject"], message["state"]) == ("Welcome Ada", "kept")
    (notice,) = await post.who.get("/v1/notices")
    assert (notice["kind"], notice["text"]) == ("automation", "Ada is new")
    (run,) = await post.runs(made)
    assert [mark["did"] for mark in run["trail"]] == ["wrote", "told"]
    for steps_, field in (
        ([{"do": "email", "subject": "{{ nope }}", "text": "x"}], "steps[0].subject"),
        ([{"do": "email", "subject": "x", "text": "x", "to": "nope"}], "steps[0].to"),
        ([{"do": "sms", "text": ""}], "steps[0].text"),
        ([{"do": "notify", "text": "x", "to": ["nope"]}], "steps[0].to[0]"),
        ([{"do": "email", "template_id": str(new_id())}], "steps[0].template_id"),
    ):
        refused = await post.refused(name="x", type="lead", when={"on": "created"}, steps=steps_)
        assert field in refused, refused


async def test_what_one_may_not_read_one_is_not_told(
    post: Post, organisation: Organisation
) -> None:
    member = Person(post.who.client, await organisation.person("member", roles=["agent"]))
    await post.make(
        name="Tell",
        type="contact",
        when={"on": "created"},
        steps=[{"do": "notify", "text": "{{ first_name }} secret"}],
    )
    mine = await member.post("/v1/contacts", {"first_name": "Mine"}, 201)
    await post.settle()
    (notice,) = await member.get("/v1/notices")
    assert notice["record_id"] == mine["id"]
    await post.who.patch(
        f"/v1/contacts/{mine['id']}",
        {"owner_id": str(post.who.who.id), "privacy": "private"},
    )
    (notice,) = await member.get("/v1/notices")
    assert (notice["record_id"], notice["title"], notice["text"]) == (None, None, "")


# -- small parts


@given(st.uuids(), st.uuids())
def test_a_key_survives_a_mail_program(tenant: Any, message: Any) -> None:
    key = Known(tenant, message).key
    assert len(f"reply-{key}") <= 64
    assert known(f"Re: <{key.upper()}@x.dev>") == Known(tenant, message)


@given(st.times(), st.times(), st.datetimes(timezones=st.just(UTC)))
def test_nothing_goes_out_while_people_are_left_alone(
    start: time, end: time, moment: datetime
) -> None:
    start, end = (t.replace(second=0, microsecond=0) for t in (start, end))
    how, now = Manner(quiet_from=f"{start:%H:%M}", quiet_until=f"{end:%H:%M}"), moment
    due = how.due(now, "UTC")
    at = due.time()
    quiet = (at >= start or at < end) if start > end else start <= at < end
    assert due >= now
    assert start == end or not quiet
