"""A directory that provisions an organisation over SCIM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from tests.accounts.conftest import Api
from tests.accounts.keys import Program, made, service
from tests.factories import Somebody

PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"


@dataclass
class Directory:
    """Asks as a directory with its key."""

    client: httpx.AsyncClient
    key: Program

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """One request below /scim/v2."""
        sent = {**self.key.headers, **{k.replace("_", "-"): v for k, v in headers.items()}}
        if body is not None:
            sent.setdefault("content-type", "application/scim+json")
        return await self.client.request(method, f"/scim/v2/{path}", json=body, headers=sent)

    async def get(self, path: str) -> Any:
        """What a GET answers, which must be there."""
        return self._good(await self.ask("GET", path), 200)

    async def post(self, path: str, body: Any) -> Any:
        """What a POST makes."""
        return self._good(await self.ask("POST", path, body), 201)

    async def put(self, path: str, body: Any) -> Any:
        """What a PUT makes of something."""
        return self._good(await self.ask("PUT", path, body), 200)

    async def patch(self, path: str, *operations: dict[str, Any]) -> Any:
        """What the operations of a PATCH make of something."""
        body = {"schemas": [PATCH], "Operations": list(operations)}
        return self._good(await self.ask("PATCH", path, body), 200)

    async def refused(self, method: str, path: str, body: Any = None) -> tuple[int, str, str]:
        """Status, scimType and detail of an answer that must be a refusal."""
        answer = await self.ask(method, path, body)
        error = answer.json()
        assert answer.headers["content-type"].startswith("application/scim+json")
        assert error["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
        assert error["status"] == str(answer.status_code)
        return answer.status_code, error.get("scimType", ""), error["detail"]

    async def find(self, filter_: str, kind: str = "Users") -> list[str]:
        """The ids of what a filter finds."""
        query = httpx.QueryParams(filter=filter_)
        return [one["id"] for one in (await self.get(f"{kind}?{query}"))["Resources"]]

    async def user(self, address: str, **more: Any) -> Any:
        """A new user."""
        return await self.post("Users", {"schemas": [USER], "userName": address, **more})

    async def group(self, name: str, *members: str) -> Any:
        """A new group."""
        body = {"schemas": [GROUP], "displayName": name}
        return await self.post("Groups", {**body, "members": [{"value": m} for m in members]})

    def _good(self, answer: httpx.Response, status: int) -> Any:
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"].startswith("application/scim+json")
        return answer.json()


@pytest.fixture
def api(client: httpx.AsyncClient) -> Api:
    """Asks the worker's application as anybody."""
    return Api(client)


@pytest.fixture
async def directory(api: Api, admin: Somebody) -> Directory:
    """A directory with a key for the organisation of `admin`."""
    account = await service(api, admin, "admin", name="Directory")
    return Directory(api.client, await made(api, admin, "scim", user_id=account))
