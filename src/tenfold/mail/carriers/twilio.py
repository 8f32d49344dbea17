"""Twilio's text messages: https://www.twilio.com/docs/messaging/api/message-resource."""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import quote, urlencode

from tenfold.mail.carriers.carrier import Parcel, Refused, Why
from tenfold.mail.carriers.service import Service, call, refused
from tenfold.outside.calls import Outside

_WHY: dict[int, Why] = {
    21211: "bounced",  # not a valid number
    21214: "bounced",  # can't be reached
    21610: "unsubscribed",  # answered STOP
    21614: "bounced",  # not a mobile number
}


class Twilio:
    """Hands text messages to Twilio: `twilio://ACCOUNT:TOKEN@api.twilio.com?from=+1…`.

    `from` is a number of one's own, or `service` a messaging service. It tells `told` how it went.
    """

    name = "twilio"

    def __init__(self, url: str, outside: Outside, told: str = "") -> None:
        self._service, self._outside, self._told = Service.of(url), outside, told

    async def carry(self, parcel: Parcel) -> str:
        """Hand one over."""
        service = self._service
        form = {"To": parcel.recipient, "Body": parcel.text}
        if sender := service.options.get("service"):
            form["MessagingServiceSid"] = sender
        else:
            form["From"] = service.options.get("from", "").strip()
        if self._told:
            form["StatusCallback"] = f"{self._told}/{parcel.key}"
        signed = b64encode(f"{service.user}:{service.password}".encode()).decode()
        answer, said = await call(
            self._outside,
            f"{service.base}/2010-04-01/Accounts/{quote(service.user)}/Messages.json",
            {
                "authorization": f"Basic {signed}",
                "content-type": "application/x-www-form-urlencoded",
            },
            urlencode(form).encode(),
        )
        if answer.status != 201:
            why = _WHY.get(said.get("code", 0))
            if why:
                raise Refused(str(said.get("message", ""))[:500], why)
            raise refused(answer, f"{said.get('code', '')} {said.get('message', '')}")
        return str(said.get("sid", ""))
