"""Resend: https://resend.com/docs/api-reference/emails/send-email."""

from __future__ import annotations

from typing import Any

import msgspec

from tenfold.mail.carriers.carrier import Busy, Parcel
from tenfold.mail.carriers.service import Service, call, refused
from tenfold.outside.calls import Outside


class Resend:
    """Hands mail to Resend, which takes what has the same key once a day."""

    name = "resend"

    def __init__(self, url: str, outside: Outside) -> None:
        self._service, self._outside = Service.of(url), outside

    async def carry(self, parcel: Parcel) -> str:
        """Hand one over."""
        headers = dict(parcel.headers)
        if parcel.message_id:
            headers["Message-ID"] = parcel.message_id
        body: dict[str, Any] = {
            "from": parcel.sender,
            "to": [parcel.recipient],
            "subject": parcel.subject,
            "text": parcel.text,
            "headers": headers,
            "tags": [{"name": "message", "value": parcel.key}],
        }
        if parcel.html:
            body["html"] = parcel.html
        if parcel.reply_to:
            body["reply_to"] = parcel.reply_to
        answer, said = await call(
            self._outside,
            f"{self._service.base}/emails",
            {
                "authorization": f"Bearer {self._service.user}",
                "content-type": "application/json",
                "idempotency-key": parcel.key,
            },
            msgspec.json.encode(body),
        )
        if answer.status == 409:  # the same is just being taken
            raise Busy(f"409 {said.get('message', '')}", 5.0)
        if answer.status != 200:
            raise refused(answer, str(said.get("message", "")))
        return str(said.get("id", ""))
