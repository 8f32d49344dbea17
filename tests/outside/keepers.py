"""Servers that keep secrets, by what their makers' documentation says of the calls we make."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Answer = tuple[int, Any]
Words = dict[str, str]


@dataclass
class Keeper:
    """A server that keeps secrets; while it is `away` it closes every connection at once."""

    address: str = ""
    secrets: dict[str, Any] = field(default_factory=dict)
    slow: float = 0.0
    away: bool = False
    asked: list[str] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)


@contextmanager
def keeping(
    reply: Callable[[Keeper, str, str, Words, Words, Any], Answer],
) -> Iterator[Keeper]:
    """A server that answers with status and JSON."""
    keeper = Keeper()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            keeper.asked.append(f"{self.command} {self.path}")
            time.sleep(keeper.slow)
            if keeper.away:
                self.close_connection = True
                return
            place = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, said = reply(
                keeper,
                f"{self.command} {place.path}",
                place.path,
                dict(parse_qsl(place.query)),
                headers,
                json.loads(body or b"{}"),
            )
            sent = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    keeper.address = f"127.0.0.1:{server.server_address[1]}"
    try:
        yield keeper
    finally:
        server.shutdown()
        server.server_close()


def vault(
    keeper: Keeper,
    call: str,
    _path: str,
    _query: dict[str, str],
    headers: dict[str, str],
    said: Any,
) -> Answer:
    """KV version 2 at `kv`, secret `tenfold/prod`; AppRole `role` with the secret id `word`."""
    if call == "POST /v1/auth/approle/login":
        if said != {"role_id": "role", "secret_id": "word"}:
            return 400, {"errors": ["invalid role or secret ID"]}
        keeper.tokens = {f"s.{len(keeper.asked)}"}
        return 200, {"auth": {"client_token": next(iter(keeper.tokens)), "lease_duration": 60}}
    if headers.get("x-vault-token") not in keeper.tokens:
        return 403, {"errors": ["permission denied"]}
    if call != "GET /v1/kv/data/tenfold/prod":
        return 404, {"errors": []}
    metadata = {"version": 3, "destroyed": False, "deletion_time": ""}
    return 200, {"data": {"data": keeper.secrets, "metadata": metadata}}


def infisical(
    keeper: Keeper, call: str, _path: str, query: Words, headers: Words, said: Any
) -> Answer:
    """A project `p1` with the environment `prod`; identity `id` with the secret `word`."""
    if call == "POST /api/v1/auth/universal-auth/login":
        if said != {"clientId": "id", "clientSecret": "word"}:
            return 401, {"message": "Invalid credentials", "statusCode": 401}
        keeper.tokens = {f"t{len(keeper.asked)}"}
        token = next(iter(keeper.tokens))
        return 200, {"accessToken": token, "expiresIn": 7200, "tokenType": "Bearer"}
    if headers.get("authorization", "").removeprefix("Bearer ") not in keeper.tokens:
        return 401, {"message": "Token missing", "statusCode": 401}
    if call != "GET /api/v4/secrets" or query.get("projectId") != "p1":
        return 404, {"message": "not found", "statusCode": 404}
    assert query["environment"] == "prod"
    found = [
        {
            "secretKey": name,
            "secretValue": value,
            "secretValueHidden": value == "<hidden-by-infisical>",
            "secretPath": query["secretPath"],
            "environment": "prod",
        }
        for name, value in keeper.secrets.items()
    ]
    return 200, {"secrets": found, "imports": []}


def older_infisical(
    keeper: Keeper, call: str, path: str, query: Words, headers: Words, said: Any
) -> Answer:
    """The same from before there was version 4 of the call."""
    if call == "GET /api/v4/secrets":
        return 404, {"message": "Route not found", "statusCode": 404}
    if call == "GET /api/v3/secrets/raw":
        query = {**query, "projectId": query.get("workspaceId", "")}
        call = "GET /api/v4/secrets"
    return infisical(keeper, call, path, query, headers, said)
