"""The whole proof against a running installation: its database and its address."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tenfold.accounts.identity.tokens import Tokens
from tenfold.kernel.errors import Unavailable
from tenfold.proofs.document import Document
from tenfold.proofs.findings import Findings
from tenfold.proofs.isolation.caller import Caller
from tenfold.proofs.isolation.organisations import Owner, Side, made
from tenfold.proofs.isolation.tables import try_tables
from tenfold.proofs.isolation.things import Maker, Things, left_out, program_key
from tenfold.proofs.isolation.wall import Wall

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Target:
    """A running installation, and how to sign in to it."""

    address: str
    public: str
    """The name by which it is known, which may be another than where it is reached from here."""
    app_url: str
    owner: Owner
    home: Path
    tokens: Tokens


async def prove(target: Target, say: Say) -> Findings:
    """Try the wall by SQL and by HTTP; raises Unavailable where it can't be reached."""
    findings = Findings()
    async with _reached(target) as http:
        document = await _document(http)
        say("By SQL, as the application's role …")
        await try_tables(target.app_url, findings)
        say(f"By HTTP, at {target.address} …")
        async with made(target.app_url, target.owner, target.home) as sides:
            await _try_http(document, http, target.tokens, sides, findings)
    return findings


def _reached(target: Target) -> httpx.AsyncClient:
    """Its own server: no proxy of the environment stands between, and it is asked by its name."""
    return httpx.AsyncClient(
        base_url=target.address,
        headers={"host": urlsplit(target.public).netloc},
        trust_env=False,
        timeout=30,
    )


async def _document(http: httpx.AsyncClient) -> Document:
    try:
        answer = await http.get("/openapi.json")
    except httpx.HTTPError as error:
        raise Unavailable(
            f"No Tenfold answers at {http.base_url} ({error or type(error).__name__}); start it "
            "with `tenfold up`, or name where it is with --address."
        ) from None
    if answer.status_code != 200:
        raise Unavailable(f"{http.base_url} answers {answer.status_code}: {answer.text[:200]}")
    return Document(answer.json())


async def _try_http(
    document: Document,
    http: httpx.AsyncClient,
    tokens: Tokens,
    sides: tuple[Side, Side],
    findings: Findings,
) -> None:
    ours, theirs = (_things(document, http, tokens, side) for side in sides)
    ours.who.forbidden.add(theirs.who.examples.word)
    known = await ours.who.ask(document.named("read_me"), {})
    if known.status != 200:
        raise Unavailable(
            f"{http.base_url} does not know whom this command made ({known.status} {known.code}): "
            "run it with the settings that the server runs with (TENFOLD_HOME, TENFOLD_PUBLIC_URL, "
            "PORT and DATABASE_URL)."
        )
    wall = Wall(ours, theirs, findings=findings)
    for one in document.operations:
        await wall.try_operation(one)


def _things(document: Document, http: httpx.AsyncClient, tokens: Tokens, side: Side) -> Things:
    signed = {"authorization": f"Bearer {tokens.sign(side.user, side.tenant, side.session)}"}
    return Things(Caller(document, http, signed, side.word), str(side.tenant), NOT_MADE)


NOT_MADE: Mapping[str, Maker] = {
    "/v1/api-keys/{key_id}": program_key,
    "/v1/auth/passkeys/{passkey_id}": left_out("a passkey is made by a browser alone"),
    "/v1/auth/identities/{identity_id}": left_out("an identity is linked at a provider alone"),
    "/v1/invitations/{invitation_id}": left_out("an invitation would send a letter"),
}
