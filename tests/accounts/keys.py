"""API keys as tests make and use them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tests.accounts.conftest import Api
from tests.factories import Somebody


@dataclass(frozen=True, slots=True)
class Program:
    """A program with a key, which asks as somebody does."""

    id: UUID
    user: UUID
    token: str
    tenant: UUID

    @property
    def headers(self) -> dict[str, str]:
        """The header that signs its requests."""
        return {"authorization": f"Bearer {self.token}"}


async def made(api: Api, by: Somebody, *scopes: str, **more: Any) -> Program:
    """A program with a new key that somebody made."""
    body = {"name": "A program", "scopes": list(scopes), **more}
    key = await api.data(by, "POST", "api-keys", body)
    return program(key, by)


def program(key: dict[str, Any], by: Somebody) -> Program:
    """The program that has the key of an answer."""
    return Program(UUID(key["id"]), UUID(key["user_id"]), key["key"], by.tenant)


async def service(api: Api, by: Somebody, role: str = "member", **more: Any) -> str:
    """The id of a new service account."""
    body = {"name": "Nightly export", "role": role, **more}
    return (await api.data(by, "POST", "service-accounts", body))["id"]
