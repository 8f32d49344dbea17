"""Organisations made as anybody makes one: by registering, then defining their own fields."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import msgspec

from bench.custom import FIELDS
from bench.site import BenchError

_AT_ONCE = 16
TYPES = ("lead", "student")


class Organisation(msgspec.Struct, frozen=True, kw_only=True):
    """A tenant and the person who registered it, signed in."""

    n: int
    tenant: str
    user: str
    email: str
    password: str
    token: str


def read(path: Path) -> list[Organisation]:
    """The organisations that an earlier run made."""
    return msgspec.json.decode(path.read_bytes(), type=list[Organisation])


def write(path: Path, made: list[Organisation]) -> None:
    """Keep them for the next run, for nobody else's eyes."""
    path.touch(mode=0o600)
    path.write_bytes(msgspec.json.encode(made))


async def register(port: int, count: int) -> list[Organisation]:
    """Register so many organisations."""
    async with _client(port) as client:
        return await _several([lambda n=n: _register(client, n) for n in range(1, count + 1)])


async def define_fields(port: int, organisations: list[Organisation]) -> None:
    """Define the custom fields in each organisation, for leads and for students."""
    async with _client(port) as client:
        await _several([lambda o=o: _define(client, o) for o in organisations])


async def signed_in(port: int, organisations: list[Organisation]) -> list[Organisation]:
    """The same with tokens that are good: people sign in again where theirs have run out."""
    async with _client(port) as client:
        headers = {"authorization": f"Bearer {organisations[0].token}"}
        if (await client.get("/v1/auth/me", headers=headers)).status_code == 200:
            return organisations
        return await _several([lambda o=o: _sign_in(client, o) for o in organisations])


def _client(port: int) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=_AT_ONCE)
    return httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", limits=limits, timeout=60, trust_env=False
    )


async def _several(makers: list[Callable[[], Awaitable[Any]]]) -> list[Any]:
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(make: Callable[[], Awaitable[Any]]) -> Any:
        async with gate:
            return await make()

    return await asyncio.gather(*(one(make) for make in makers))


async def _register(client: httpx.AsyncClient, n: int) -> Organisation:
    email, password = f"owner-{n}@bench.example.com", f"{secrets.token_urlsafe(18)}-Aa1"
    body = {
        "email": email,
        "password": password,
        "firstName": "Bench",
        "lastName": f"Owner {n}",
        "organization": f"Organisation {n}",
    }
    found = _data(await client.post("/v1/auth/register", json=body), 201)
    return Organisation(
        n=n,
        tenant=found["user"]["organization"]["id"],
        user=found["user"]["id"],
        email=email,
        password=password,
        token=found["token"],
    )


async def _sign_in(client: httpx.AsyncClient, one: Organisation) -> Organisation:
    body = {"email": one.email, "password": one.password}
    found = _data(await client.post("/v1/auth/login", json=body), 200)
    return msgspec.structs.replace(one, token=found["token"])


async def _define(client: httpx.AsyncClient, one: Organisation) -> None:
    headers = {"authorization": f"Bearer {one.token}"}
    for kind in TYPES:
        for custom in FIELDS:
            body: dict[str, object] = {"type": kind, "name": custom.name, "kind": custom.kind}
            if custom.options:
                body["options"] = custom.options
            _data(await client.post("/v1/custom-fields", json=body, headers=headers), 201)


def _data(answer: httpx.Response, status: int) -> Any:
    if answer.status_code != status:
        raise BenchError(
            f"{answer.request.method} {answer.request.url.path} answered {answer.status_code}, "
            f"not {status}: {answer.text[:500]}"
        )
    return answer.json()["data"]
