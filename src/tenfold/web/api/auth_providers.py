"""Providers that people sign in with, and one's own identities at them and at outside issuers."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import delete, get, post
from litestar.response.base import ASGIResponse
from msgspec import Meta

from tenfold.accounts.identity.linking import Linked
from tenfold.accounts.identity.outside_tokens import OutsideTokens
from tenfold.accounts.identity.with_provider import Newcomer
from tenfold.kernel.errors import Invalid, MissingFields
from tenfold.web import respond
from tenfold.web.api.administration import identified
from tenfold.web.api.auth import (
    TRIES,
    UNKEPT,
    Req,
    SignedIn,
    gate_of,
    knock,
    signed,
)
from tenfold.web.api.auth_factors import mine
from tenfold.web.api.bodies import STRANGERS_BYTES, body_of, strangers_body
from tenfold.web.api.endpoint import Endpoint
from tenfold.web.desk import desk_of
from tenfold.web.safe_next import safe_next

KEPT_BYTES = 4_096


class ProviderInfo(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A provider to sign in with: `url` is where its button leads, which takes `next`."""

    key: str
    label: str
    url: str


class LinkBegun(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where to send the browser to link its identity."""

    url: str


class LinkWish(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The page of ours to go to once it is linked."""

    next: Annotated[str, Meta(max_length=2_000)] = "/"


class LinkedTo(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What was linked, by what it is called."""

    label: str


class OutsideToken(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An access token of an outside issuer that is one's own."""

    token: Annotated[str, Meta(min_length=1, max_length=16_384)]


class NewcomerByProvider(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A new organisation, or the secret of an invitation to one; names where they are others."""

    organization: Annotated[str, Meta(max_length=200)] = ""
    invitation: Annotated[str, Meta(max_length=200)] = ""
    first_name: Annotated[str, Meta(max_length=100)] = ""
    last_name: Annotated[str, Meta(max_length=100)] = ""


@get("/v1/auth/providers")
async def list_providers(request: Req) -> ASGIResponse:
    """The providers to sign in with."""
    gate = gate_of(request, "providers")
    told = [
        ProviderInfo(key=one.key, label=one.label, url=f"/v1/auth/oidc/{one.key}/start")
        for one in gate.provided.providers.all
    ]
    return respond.data(told)


@post("/v1/auth/oidc/register", status_code=201, request_max_body_size=STRANGERS_BYTES)
async def register_by_provider(request: Req) -> ASGIResponse:
    """Make an organisation, or join one by invitation, as who one is at a provider."""
    gate = gate_of(request, "register_by_provider")
    body = await strangers_body(request, NewcomerByProvider)
    client, device = await knock(request, gate), gate.device(request)
    kept = gate.kept(request, "offer")[:KEPT_BYTES]
    shown = gate.provided.offered(kept).shown
    names = checked_names(body.first_name or shown.first_name, body.last_name or shown.last_name)
    if body.invitation:
        found = await gate.joining.with_provider(body.invitation, shown, names, client, device)
    else:
        new = Newcomer(checked_organization(body.organization), *names)
        found = await gate.provided.register(kept, new, client, device)
    return signed(gate, found, 201, gate.keeps("offer", ""))


@get("/v1/auth/identities")
async def list_identities(request: Req) -> ASGIResponse:
    """Who I am at providers and outside issuers."""
    gate, claims = mine(request, "identities")
    desk = desk_of(request)
    async with desk.database.read(claims.tenant, ["members"]) as reader:
        await desk.people.get(reader, claims, reader.versions[0])
        found = await gate.linking.mine(reader, claims)
    return respond.data(found, headers=UNKEPT)


@post("/v1/auth/identities", status_code=201)
async def take_identity(request: Req) -> ASGIResponse:
    """Link the identity with which one came to an account that exists, after signing in to it."""
    gate, claims = mine(request, "take_identity")
    kept = gate.kept(request, "offer")[:KEPT_BYTES]
    label = await gate.linking.take(claims, kept, gate.client(request))
    cookies = [gate.keeps("offer", "")]
    return respond.data(LinkedTo(label=label), status=201, headers=UNKEPT, cookies=cookies)


@post("/v1/auth/identities/outside", status_code=201)
async def link_outside(request: Req) -> ASGIResponse:
    """Let tokens of an outside issuer that are mine stand for me here."""
    gate, claims = mine(request, "link_outside")
    body = await body_of(request, OutsideToken)
    tokens: OutsideTokens = request.app.state.outside_tokens
    client = await knock(request, gate)
    shown = await tokens.shown(body.token)
    await gate.linking.link(claims, shown, client)
    told = LinkedTo(label=gate.provided.providers.label(shown.issuer))
    return respond.data(told, status=201, headers=UNKEPT)


@delete("/v1/auth/identities/{identity_id:str}", status_code=200)
async def unlink_identity(request: Req, identity_id: str) -> ASGIResponse:
    """Unlink an identity; what its tokens allowed ends at once."""
    gate, claims = mine(request, "unlink_identity")
    identity = identified(identity_id, "identity")
    await gate.linking.unlink(claims, identity, gate.client(request))
    return respond.data({}, headers=UNKEPT)


@post("/v1/auth/oidc/{provider:str}/link", status_code=200)
async def begin_link(request: Req, provider: str) -> ASGIResponse:
    """Begin to link an identity at a provider to my account."""
    gate, claims = mine(request, "begin_link")
    body = await body_of(request, LinkWish)
    after, client = safe_next(body.next), await knock(request, gate)
    url, kept = await gate.linking.begin(claims, provider, after, client)
    return respond.data(LinkBegun(url=url), headers=UNKEPT, cookies=[gate.keeps("provider", kept)])


def checked_names(first: str, last: str) -> tuple[str, str]:
    """Names as they are stored; raises MissingFields."""
    found = (" ".join(first.split()), " ".join(last.split()))
    empty = [n for n, text in zip(("firstName", "lastName"), found, strict=True) if not text]
    if empty:
        raise MissingFields(dict.fromkeys(empty, "is required"))
    return found


def checked_organization(text: str) -> str:
    """An organisation's name as it is stored; raises Invalid."""
    name = " ".join(text.split())
    if not name:
        raise Invalid({"organization": "is required, unless you were invited"})
    return name


HANDLERS = [
    list_providers,
    register_by_provider,
    list_identities,
    take_identity,
    link_outside,
    unlink_identity,
    begin_link,
]

_BODY = ("MISSING_FIELDS", "INVALID_FIELDS", "UNKNOWN_FIELD")
_LINK = ("STEP_UP_REQUIRED", "FORBIDDEN", "EMAIL_NOT_VERIFIED")
_ADDED = (*_LINK, "DUPLICATE", "TOO_MANY")
ENDPOINTS = (
    Endpoint(
        "GET",
        "/v1/auth/providers",
        "Providers to sign in with",
        None,
        list[ProviderInfo],
        200,
        (),
        public=True,
    ),
    Endpoint(
        "POST",
        "/v1/auth/oidc/register",
        "Register as who one is at a provider",
        NewcomerByProvider,
        SignedIn,
        201,
        (*_BODY, "INVALID_TOKEN", "WRONG_ORIGIN", "NOT_FOUND", "EMAIL_TAKEN", *TRIES),
        public=True,
    ),
    Endpoint("GET", "/v1/auth/identities", "My identities", None, list[Linked], 200),
    Endpoint(
        "POST",
        "/v1/auth/identities",
        "Link the identity that one came with",
        None,
        LinkedTo,
        201,
        _ADDED,
    ),
    Endpoint(
        "POST",
        "/v1/auth/identities/outside",
        "Link an outside issuer's token",
        OutsideToken,
        LinkedTo,
        201,
        (*_BODY, *_ADDED, *TRIES),
    ),
    Endpoint(
        "DELETE",
        "/v1/auth/identities/{identity_id}",
        "Unlink an identity",
        None,
        None,
        200,
        ("STEP_UP_REQUIRED", "FORBIDDEN", "NOT_FOUND", "LAST_WAY_IN"),
    ),
    Endpoint(
        "POST",
        "/v1/auth/oidc/{provider}/link",
        "Begin to link an identity",
        LinkWish,
        LinkBegun,
        200,
        (*_BODY, *_LINK, "NOT_FOUND", *TRIES),
    ),
)
