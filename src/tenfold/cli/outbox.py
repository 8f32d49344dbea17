"""`tenfold outbox`: the letters that were written, for whoever runs the installation."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import indent

from tenfold.accounts.identity.account import checked_email
from tenfold.cli.seat import opened
from tenfold.kernel.errors import Invalid
from tenfold.kernel.settings import Settings
from tenfold.mail import outbox
from tenfold.mail.letters import Kept, kept

MOST = 1_000


async def show_letters(settings: Settings, to: str, many: int, say: Callable[[str], None]) -> int:
    """Print the newest letters, the last one at the end; what was sent is no longer kept."""
    if not 1 <= many <= MOST:
        raise Invalid({"n": f"takes 1 to {MOST:,}"})
    recipient = checked_email(to) if to else None
    async with opened(settings) as (made, database), database.system() as reader:
        found = await kept(reader, made.keyring, recipient, many)
        page = outbox.address(settings, made.keyring)
    for one in reversed(found):
        say(_shown(one))
    if not found:
        say(f"No letter to {recipient} was written." if recipient else "No letter was written yet.")
    elif settings.mail_url:
        say("A mail server is set; what was sent is no longer kept.")
    if page:
        say(f"As a page, on this machine: {page}")
    return 0


def _shown(one: Kept) -> str:
    letter = one.letter
    head = f"{one.created_at:%Y-%m-%d %H:%M} UTC  to {letter.recipient}  {letter.subject}"
    if one.sent_at is not None:
        return f"{head}  (sent)\n"
    text = indent(letter.text.strip() or "It can't be opened: another key has sealed it.", "    ")
    refused = f"\n    Refused: {one.error}" if one.error else ""
    return f"{head}{refused}\n\n{text}\n"
