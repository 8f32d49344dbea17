"""SendGrid: https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send."""

from __future__ import annotations

from email.utils import parseaddr
from typing import Any

import msgspec

from tenfold.mail.carriers.carrier import Parcel
from tenfold.mail.carriers.service import Service, call, refused
from tenfold.outside.calls import Outside


class SendGrid:
    """Hands mail to SendGrid, which may take it twice where its answer was lost."""

    name = "sendgrid"

    def __init__(self, url: str, outside: Outside) -> None:
        self._service, self._outside = Service.of(url), outside

    async def carry(self, parcel: Parcel) -> str:
        """Hand one over; what it is called there comes in a header."""
        headers = dict(parcel.headers)
        if parcel.message_id:
            headers["Message-ID"] = parcel.message_id
        content = [{"type": "text/plain", "value": parcel.text}]
        if parcel.html:
            content.append({"type": "text/html", "value": parcel.html})
        body: dict[str, Any] = {
            "personalizations": [
                {"to": [{"email": parcel.recipient}], "custom_args": {"message": parcel.key}}
            ],
            "from": _address(parcel.sender),
            "subject": parcel.subject,
            "content": content,
            "headers": headers,
            # Links stay as they are written, and nobody is watched while reading.
            "tracking_settings": {
                "click_tracking": {"enable": False, "enable_text": False},
                "open_tracking": {"enable": False},
            },
        }
        if parcel.reply_to:
            body["reply_to"] = _address(parcel.reply_to)
        answer, said = await call(
            self._outside,
            f"{self._service.base}/v3/mail/send",
            {
                "authorization": f"Bearer {self._service.user}",
                "content-type": "application/json",
            },
            msgspec.json.encode(body),
        )
        if answer.status != 202:
            told = "; ".join(str(one.get("message", "")) for one in said.get("errors", []))
            raise refused(answer, told)
        return answer.headers.get("x-message-id", "")


def _address(text: str) -> dict[str, str]:
    name, address = parseaddr(text)
    return {"email": address, "name": name} if name else {"email": address}
