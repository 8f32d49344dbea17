"""Postmark: https://postmarkapp.com/developer/api/email-api."""

from __future__ import annotations

from typing import Any

import msgspec

from tenfold.mail.carriers.carrier import Parcel, Refused
from tenfold.mail.carriers.service import Service, call, refused
from tenfold.outside.calls import Outside

INACTIVE = 406
"""Error code of an address that bounced, complained or unsubscribed before."""


class Postmark:
    """Hands mail to Postmark: `postmark://TOKEN@api.postmarkapp.com?stream=…&mailings=…`."""

    name = "postmark"

    def __init__(self, url: str, outside: Outside) -> None:
        self._service, self._outside = Service.of(url), outside

    async def carry(self, parcel: Parcel) -> str:
        """Hand one over, by the stream that mailings have, or the other."""
        options = self._service.options
        stream = options.get("stream", "outbound")
        headers = dict(parcel.headers)
        if parcel.message_id:
            headers["Message-ID"] = parcel.message_id
            headers["X-PM-KeepID"] = "true"
        body: dict[str, Any] = {
            "From": parcel.sender,
            "To": parcel.recipient,
            "Subject": parcel.subject,
            "TextBody": parcel.text,
            "Headers": [{"Name": name, "Value": value} for name, value in headers.items()],
            "Metadata": {"message": parcel.key},
            "MessageStream": options.get("mailings", stream) if parcel.mailing else stream,
            "TrackOpens": False,
            "TrackLinks": "None",
        }
        if parcel.html:
            body["HtmlBody"] = parcel.html
        if parcel.reply_to:
            body["ReplyTo"] = parcel.reply_to
        answer, said = await call(
            self._outside,
            f"{self._service.base}/email",
            {
                "accept": "application/json",
                "content-type": "application/json",
                "x-postmark-server-token": self._service.user,
            },
            msgspec.json.encode(body),
        )
        if said.get("ErrorCode") == INACTIVE:
            raise Refused(str(said.get("Message", ""))[:500], "bounced")
        if answer.status != 200 or said.get("ErrorCode"):
            raise refused(answer, str(said.get("Message", "")))
        return str(said.get("MessageID", ""))
