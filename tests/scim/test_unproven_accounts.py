"""An account that somebody registered with another's address, and a directory that lets it in."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.accounts.conftest import Browser, opened
from tests.accounts.test_links import link_for
from tests.accounts.test_second_factors import data
from tests.conftest import Running
from tests.factories import Owner
from tests.scim.conftest import Directory

pytestmark = pytest.mark.anyio
_LEFT = """SELECT u.password_hash IS NULL AND u.email_verified_at IS NULL,
    (SELECT count(*) FROM tenfold.passkeys WHERE user_id = u.id)
    + (SELECT count(*) FROM tenfold.devices WHERE user_id = u.id)
    + (SELECT count(*) FROM tenfold.sessions WHERE user_id = u.id AND ended_at IS NULL)
FROM tenfold.users u WHERE u.email = $1"""


@pytest.fixture
async def squatter(app: Running) -> AsyncIterator[Browser]:
    """Who registers with an address that is not theirs."""
    async with opened(app) as made:
        await made.register()
        yield made


async def test_only_a_link_to_its_mailbox_opens_it(
    app: Running, directory: Directory, squatter: Browser, owner: Owner
) -> None:
    user = await directory.user(squatter.email)
    assert user["active"] is True
    assert tuple(await owner.fetchrow(_LEFT, squatter.email)) == (True, 0)
    assert (await squatter.call("GET", "/v1/auth/me")).status_code == 401
    assert (await squatter.post("refresh")).status_code == 401
    assert (await squatter.login()).status_code == 401
    async with opened(app) as mailbox:
        mailbox.email = squatter.email
        link = await link_for(app, mailbox, "sign-in-link")
        asked = {"token": link, "email": mailbox.email}
        mailbox.token = data(await mailbox.post("sign-in-link/use", asked))["token"]
        me = data(await mailbox.call("GET", "/v1/auth/me"))
        assert str(directory.key.tenant) in {one["id"] for one in me["organizations"]}


async def test_a_confirmed_account_stays_as_it_is(
    directory: Directory, squatter: Browser, owner: Owner
) -> None:
    confirm = "UPDATE tenfold.users SET email_verified_at = now() WHERE email = $1"
    await owner.execute(confirm, squatter.email)
    await directory.user(squatter.email)
    assert (await squatter.login()).status_code == 200
