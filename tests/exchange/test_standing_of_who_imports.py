"""An import goes on only as long as who began it may make its records."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.accounts.conftest import Api
from tests.accounts.keys import made
from tests.exchange.imports import Person, counts, working
from tests.factories import Organisation, Owner, Somebody

from tenfold.exchange import importing
from tenfold.exchange.writing_rows import Writer
from tenfold.web.desk import Desk

pytestmark = pytest.mark.anyio
FILE = "First Name,Last Name\n" + "F,L\n" * 30
_LEFT = "UPDATE tenfold.members SET active = false WHERE user_id = $1"
_DEMOTED = "UPDATE tenfold.members SET roles = '{}' WHERE user_id = $1"
_REVOKED = "UPDATE tenfold.api_keys SET revoked_at = now() WHERE user_id = $1"


@pytest.mark.parametrize(
    ("harm", "by_key", "says"),
    [
        (_LEFT, False, "not a member of this organisation any more"),
        (_DEMOTED, False, "role"),
        (_REVOKED, True, "key was revoked"),
    ],
)
async def test_an_import_stops_where_its_person_may_not_go_on(
    client: httpx.AsyncClient,
    desk: Desk,
    organisation: Organisation,
    admin: Somebody,
    owner: Owner,
    monkeypatch: pytest.MonkeyPatch,
    harm: str,
    by_key: bool,
    says: str,
) -> None:
    monkeypatch.setattr(importing, "_FIRST", 10)
    monkeypatch.setattr(importing, "_MOST", 10)
    who = await organisation.person("member", ["agent"])
    write = Writer.write

    async def then_harmed(self: Writer, *args: Any, **more: Any) -> Any:
        result = await write(self, *args, **more)
        await owner.execute(harm, who.id)
        return result

    monkeypatch.setattr(Writer, "write", then_harmed)
    scopes = ("lead:read", "lead:write")
    asker: Any = await made(Api(client), who, *scopes) if by_key else who
    answer = await Person(client, asker).start(FILE, "leads")
    assert answer.status_code == 202, answer.text
    async with working(desk):
        view = await Person(client, admin).finished(answer.json()["data"]["id"])
    assert view["state"] == "failed"
    assert says in view["error"]
    # Where the database was busy the first piece is done anew, and by then they may not any more.
    assert counts(view) in {(10, 10, 0, 0, 0), (0, 0, 0, 0, 0)}
