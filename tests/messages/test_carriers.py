"""Each carrier against a double of its service, and each double against the vendor's client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import resend
import resend.exceptions
import sendgrid
from python_http_client.exceptions import HTTPError
from sendgrid.helpers.mail import Mail
from tests.messages.doubles import (
    DOUBLES,
    KEY,
    Double,
    Postmark,
    Resend,
    SendGrid,
    Twilio,
    served,
    url_of,
)
from tests.outside.test_calls import outside
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from tenfold.kernel.settings import Settings, from_environment
from tenfold.mail.carriers import Busy, Carrier, Parcel, Refused, mail_carrier, text_carrier

pytestmark = pytest.mark.anyio
PARCEL = Parcel(
    key="k" * 52,
    sender="Ada · Engines <crm@engines.dev>",
    recipient="bob@people.dev",
    subject="Grüße",
    text="Hello\n",
    html="<p>Hello</p>",
    reply_to="reply-x@engines.dev",
    message_id=f"<{'k' * 52}@engines.dev>",
    headers={"List-Unsubscribe": "<https://engines.dev/u>"},
)
TEXT = Parcel(key="k" * 52, channel="sms", recipient="+14155550199", text="Hello")


@pytest.fixture(params=sorted(DOUBLES))
async def double(request: pytest.FixtureRequest) -> AsyncIterator[tuple[str, Double]]:
    """Each service in turn."""
    async with served(DOUBLES[request.param]()) as made:
        yield request.param, made


def carrier(name: str, double: Double, key: str = "") -> tuple[Carrier, Parcel]:
    """The carrier of a double, as the settings name it, and something to carry."""
    url = url_of(name, double)
    if key:
        url = url.replace(KEY, key).replace(Twilio.token, key)
    variable = "TENFOLD_SMS_URL" if name == "twilio" else "TENFOLD_MAIL_URL"
    settings: Settings = from_environment({variable: url})
    told = "https://crm.example.com/v1/carriers/twilio/secret"
    made = (
        text_carrier(settings, outside(), told)
        if name == "twilio"
        else mail_carrier(settings, outside())
    )
    assert made is not None
    assert made.name == name
    return made, TEXT if name == "twilio" else PARCEL


async def test_what_is_handed_over_arrives_whole(double: tuple[str, Double]) -> None:
    name, service = double
    by, parcel = carrier(name, service)
    identity = await by.carry(parcel)
    assert identity
    (taken,) = service.taken
    told = str(taken)
    expected = [parcel.recipient, parcel.key]
    if parcel.channel == "email":
        expected += ["Grüße", "<p>Hello</p>", parcel.message_id, "reply-x@", "<https://engines"]
    for text in expected:
        assert text in told, (text, told)


@pytest.mark.parametrize("mood", ["busy", "broken", "hang up"])
async def test_who_can_not_take_it_now_is_asked_again(
    double: tuple[str, Double], mood: str
) -> None:
    name, service = double
    by, parcel = carrier(name, service)
    service.moods = [mood, "slow"]
    with pytest.raises(Busy) as refused:
        await by.carry(parcel)
    assert refused.value.after == (1.0 if mood == "busy" else None)
    assert service.taken == []
    assert await by.carry(parcel)
    assert len(service.taken) == 1


async def test_a_wrong_key_is_the_operators_to_mend(double: tuple[str, Double]) -> None:
    name, service = double
    by, parcel = carrier(name, service, "wrong")
    with pytest.raises(Busy, match="does not take our key"):
        await by.carry(parcel)


async def test_what_is_not_fit_to_be_sent_is_refused(double: tuple[str, Double]) -> None:
    name, service = double
    by, parcel = carrier(name, service)
    wrong = Parcel(key=parcel.key, recipient="nobody", text="x", channel=parcel.channel)
    with pytest.raises(Refused) as refused:
        await by.carry(wrong)
    assert refused.value.reason
    assert service.taken == []


async def test_resend_takes_what_has_the_same_key_once() -> None:
    async with served(Resend()) as service:
        by, parcel = carrier("resend", service)
        assert await by.carry(parcel) == await by.carry(parcel)
        assert len(service.taken) == 1


async def test_an_address_that_is_known_to_be_dead_is_a_bounce() -> None:
    async with served(Postmark()) as service:
        by, parcel = carrier("postmark", service)
        dead = Parcel(key=parcel.key, sender=parcel.sender, recipient=Postmark.inactive, text="x")
        with pytest.raises(Refused) as refused:
            await by.carry(dead)
        assert refused.value.why == "bounced"
    async with served(Twilio()) as service:
        by, parcel = carrier("twilio", service)
        with pytest.raises(Refused) as refused:
            await by.carry(Parcel(key="k", channel="sms", recipient=Twilio.stopped, text="x"))
        assert refused.value.why == "unsubscribed"


# -- the doubles, by those who know the services


async def test_resends_own_client_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    async with served(Resend()) as service:
        monkeypatch.setattr(resend, "api_url", f"http://127.0.0.1:{service.port}")
        monkeypatch.setattr(resend, "api_key", KEY)
        params: Any = {
            "from": "a@x.dev",
            "to": ["b@x.dev"],
            "subject": "Hi",
            "html": "<p>Hi</p>",
            "tags": [{"name": "a", "value": "b"}],
        }
        sent = await asyncio.to_thread(resend.Emails.send, params)
        assert sent["id"]
        with pytest.raises(resend.exceptions.ResendError, match="Invalid `from`"):
            await asyncio.to_thread(resend.Emails.send, {**params, "from": "nobody"})
        assert len(service.taken) == 1


async def test_sendgrids_own_client_is_understood() -> None:
    async with served(SendGrid()) as service:
        client: Any = sendgrid.SendGridAPIClient(KEY, host=f"http://127.0.0.1:{service.port}")
        mail = Mail("a@x.dev", "b@x.dev", "Hi", "Text", "<p>Hi</p>")
        sent = await asyncio.to_thread(client.send, mail)
        assert (sent.status_code, bool(sent.headers["x-message-id"])) == (202, True)
        with pytest.raises(HTTPError):
            await asyncio.to_thread(client.send, Mail("a@x.dev", "b@x.dev", "", "Text"))
        assert len(service.taken) == 1


class _Here(TwilioHttpClient):
    """Twilio's client, which asks this machine."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._port = port

    def request(self, method: str, url: str, *given: Any, **named: Any) -> Any:
        here = url.replace("https://api.twilio.com", f"http://127.0.0.1:{self._port}")
        return super().request(method, here, *given, **named)


async def test_twilios_own_client_is_understood() -> None:
    async with served(Twilio()) as service:
        assert isinstance(service, Twilio)
        client = Client(service.account, service.token, http_client=_Here(service.port))

        def send(to: str) -> Any:
            return client.messages.create(to=to, from_="+14155550006", body="Hi")

        sent = await asyncio.to_thread(send, "+14155550199")
        assert (sent.status, sent.to) == ("queued", "+14155550199")
        with pytest.raises(TwilioRestException) as refused:
            await asyncio.to_thread(send, "12")
        assert refused.value.code == 21211
        assert len(service.taken) == 1
