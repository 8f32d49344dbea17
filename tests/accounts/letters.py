"""Reads the letters that were written to somebody, after doing the jobs that write them."""

from __future__ import annotations

import re

from tests.conftest import Running
from tests.jobs.tools import until, working

from tenfold.accounts.identity import links, readdressing, spraying, telling
from tenfold.mail import sending
from tenfold.mail.letters import Kept, kept
from tenfold.outside.calls import Outside

_JOBS = [links.LINK_JOB, telling.LOCKED_JOB, spraying.SPRAYED_JOB, readdressing.EMAIL_JOB]
_WAITING = """SELECT count(*) FROM jobs.job
WHERE name = ANY ($1) AND state IN ('pending', 'processing')"""


async def written(running: Running, email: str) -> list[Kept]:
    """The letters to an address, the newest first."""
    desk = running.desk
    async with desk.database.system() as reader:
        return list(await kept(reader, desk.keyring, email))


async def work_off(running: Running) -> None:
    """Do what was asked for: look accounts up and write their letters."""
    desk = running.desk
    handlers = [
        *links.handlers(desk.settings, desk.keyring),
        *telling.handlers(desk.settings, desk.keyring),
        *readdressing.handlers(desk.settings, desk.keyring),
        *spraying.handlers(desk.settings, desk.keyring, desk.database),
        *sending.handlers(lambda: desk.settings, desk.keyring, desk.database, Outside()),
    ]
    async with working(desk.database, *handlers):

        async def idle() -> bool:
            async with desk.database.system() as reader:
                return not await reader.value(_WAITING, _JOBS)

        await until(idle)


def link_in(letter: Kept) -> str:
    """The secret of the link in a letter."""
    found = re.search(
        r"https?://\S+/(?:sign-in|reset|verify|change-email)/(\S+)", letter.letter.text
    )
    assert found is not None, letter.letter.text
    return found[1]
