"""`tenfold api-key`: operators make, list and end keys on the host."""

from __future__ import annotations

import httpx
import pytest
from tests.accounts.conftest import Api
from tests.accounts.keys import service
from tests.factories import Organisation, Somebody

from tenfold.accounts.organisation.api_keys import NewApiKey
from tenfold.cli.api_keys import list_keys, make_key, revoke_key
from tenfold.cli.who import Who
from tenfold.kernel.errors import Invalid, NotFound
from tenfold.kernel.settings import Settings

pytestmark = pytest.mark.anyio
NEW = NewApiKey(name="Mirror", scopes=["lead:read"])


@pytest.fixture
def api(client: httpx.AsyncClient) -> Api:
    """Asks the worker's application as anybody."""
    return Api(client)


async def asked(api: Api, token: str, path: str = "leads") -> int:
    headers = {"authorization": f"Bearer {token}"}
    return (await api.client.get(f"/v1/{path}", headers=headers)).status_code


async def test_a_key_is_made_listed_and_ended(
    api: Api, settings: Settings, admin: Somebody
) -> None:
    who = Who(admin.email)
    said: list[str] = []
    assert await make_key(settings, who, NEW, "", said.append) == 0
    (token,) = said
    assert await asked(api, token) == 200
    said.clear()
    await list_keys(settings, who, said.append)
    assert len(said) == 1
    assert said[0].startswith(f"  {token[:11]}  Mirror  lead:read  until ")
    said.clear()
    await revoke_key(settings, who, token, said.append)
    assert await asked(api, token) == 401
    with pytest.raises(NotFound):
        await revoke_key(settings, who, "tf_unknown1", said.append)


async def test_a_key_for_a_service_account_is_made_by_its_name(
    api: Api, settings: Settings, admin: Somebody
) -> None:
    account = await service(api, admin, "admin")
    new = NewApiKey(name="Directory", scopes=["admin"])
    said: list[str] = []
    await make_key(settings, Who(admin.email), new, "nightly EXPORT", said.append)
    assert await asked(api, said[0], "roles") == 200
    keys = await api.data(admin, "GET", f"api-keys?user_id={account}")
    assert [one["prefix"] for one in keys] == [said[0][:11]]
    with pytest.raises(NotFound, match="There is no service account 'Other'"):
        await make_key(settings, Who(admin.email), new, "Other", said.append)


async def test_the_command_gives_nobody_more_than_they_may_have(
    settings: Settings, admin: Somebody, organisation: Organisation
) -> None:
    said: list[str] = []
    with pytest.raises(Invalid):
        await make_key(
            settings, Who(admin.email), NewApiKey(name="x", scopes=["admin"]), "", said.append
        )
    member = await organisation.person()
    await make_key(settings, Who(admin.email), NEW, "", said.append)
    with pytest.raises(NotFound):
        await revoke_key(settings, Who(member.email), said[0], said.append)
