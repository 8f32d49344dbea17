"""The way to a provider and back. Browsers go on to pages, programs are answered in JSON."""

from __future__ import annotations

from urllib.parse import urlencode

import msgspec
from litestar import get
from litestar.response.base import ASGIResponse

from tenfold.accounts.client import Client
from tenfold.accounts.identity.shown import Back, Begun, Shown
from tenfold.accounts.identity.tokens import Claims
from tenfold.accounts.identity.with_provider import Offer
from tenfold.kernel import clock
from tenfold.kernel.errors import Forbidden, TenfoldError, Unauthenticated
from tenfold.web import respond
from tenfold.web.api.auth import (
    TRIES,
    UNKEPT,
    Gate,
    Req,
    SecondFactorNeeded,
    SignedIn,
    entered,
    gate_of,
    knock,
)
from tenfold.web.api.auth_providers import KEPT_BYTES, LinkedTo
from tenfold.web.api.endpoint import Endpoint
from tenfold.web.cookies import PROVIDER_SECONDS
from tenfold.web.desk import desk_of, header
from tenfold.web.pages import door, render
from tenfold.web.pages.session import Flash, cookie, keep_cookie, keep_flash
from tenfold.web.safe_next import safe_next

_LINK = "link an identity"


class UnknownHere(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Somebody whom the provider knows and we do not; the cookie keeps who they are there.

    Where an account has their address (`signInFirst`), they sign in to it and link with
    POST /v1/auth/identities; else they register with POST /v1/auth/oidc/register.
    """

    sign_in_first: bool
    email: str
    first_name: str
    last_name: str


@get("/v1/auth/oidc/{provider:str}/start")
async def start(request: Req, provider: str, next: str = "", link: str = "") -> ASGIResponse:  # noqa: A002 - the address says `next`
    """Send the browser to a provider."""
    gate = gate_of(request, "provider_start")
    try:
        client, after = await knock(request, gate), safe_next(next[:2_000])
        if link:
            claims = _may_link(request, link)
            address, kept = await gate.linking.begin(claims, provider, after, client)
        else:
            address, kept = await gate.provided.begin(provider, after)
    except TenfoldError as error:
        return _refused(request, error)
    keep_cookie(request, "provider", kept)
    return render.to(request, address)


@get("/v1/auth/oidc/{provider:str}/callback")
async def callback(request: Req, provider: str) -> ASGIResponse:
    """Where a provider sends the browser back to."""
    gate = gate_of(request, "provider_callback")
    kept = cookie(request, "provider")[:KEPT_BYTES]
    keep_cookie(request, "provider", "")
    try:
        client = await knock(request, gate)
        sent = request.query_params
        back = Back(*(sent.get(n, "")[:KEPT_BYTES] for n in ("state", "code", "iss", "error")))
        begun, shown = await gate.provided.back(provider, back, kept, client)
        if begun.link is not None:
            return await _linked(request, gate, begun, shown, client)
        device = gate.device(request)
        found = await gate.provided.enter(shown, begun.after, client, device)
    except TenfoldError as refusal:
        return _refused(request, refusal)
    if isinstance(found, Offer):
        return _offered(request, gate, found)
    return door.entered(request, found, begun.after) if _page(request) else entered(gate, found)


async def _linked(
    request: Req, gate: Gate, begun: Begun, shown: Shown, client: Client
) -> ASGIResponse:
    label = await gate.linking.finish(begun, shown, client)
    if not _page(request):
        return respond.data(LinkedTo(label=label), headers=UNKEPT)
    keep_flash(request, Flash(f"{label} is linked to your account."))
    return render.to(request, begun.after)


def _offered(request: Req, gate: Gate, offer: Offer) -> ASGIResponse:
    """Ask somebody unknown to sign in first, or to register."""
    kept, shown = gate.provided.kept(offer), offer.shown
    if _page(request):
        keep_cookie(request, "offer", kept)
        return render.to(request, "/sign-in/known" if offer.known else "/sign-in/new")
    told = UnknownHere(
        sign_in_first=offer.known,
        email=shown.email,
        first_name=shown.first_name,
        last_name=shown.last_name,
    )
    return respond.data(told, headers=UNKEPT, cookies=[gate.keeps("offer", kept)])


def _page(request: Req) -> bool:
    """Whether somebody looks at it, not a program."""
    return "text/html" in header(request.scope, b"accept")


def _refused(request: Req, error: TenfoldError) -> ASGIResponse:
    if not _page(request):
        return respond.ready(respond.failure(error), request)
    title, headers = "That did not work", dict(error.headers)
    told = render.error_page(request, error.status, title, error.message, headers)
    return respond.ready(told, request)


# -- to link, from a page


def link_address(request: Req, claims: Claims, key: str, after: str) -> str:
    """Where a link on one's settings leads that links an identity; for this session alone."""
    made = f"{claims.session} {clock.now().timestamp() + PROVIDER_SECONDS}"
    sealed = desk_of(request).keyring.sealed_text(made, _LINK)
    return f"/v1/auth/oidc/{key}/start?" + urlencode({"next": after, "link": sealed})


def _may_link(request: Req, link: str) -> Claims:
    """Who begins to link: the one who is signed in, and by our own page.

    By another's page they could be made to link an account of its choice to theirs.
    """
    desk = desk_of(request)
    try:
        claims = desk.tokens.verify(cookie(request, "session"))
    except Unauthenticated:
        raise Unauthenticated("Your session has ended; sign in and begin again.") from None
    made = desk.keyring.opened_text(link[:500], _LINK)
    session, _, until = made.partition(" ")
    if session != str(claims.session) or float(until) < clock.now().timestamp():
        raise Forbidden("This link is too old. Go back to your settings and begin again.")
    return claims


HANDLERS = [start, callback]

_NEXT = ({"type": "string", "maxLength": 2_000}, "The page of ours to go to afterwards.")
_TEXT = {"type": "string"}
ENDPOINTS = (
    Endpoint(
        "GET",
        "/v1/auth/oidc/{provider}/start",
        "Go to a provider to sign in",
        None,
        None,
        303,
        ("INVALID_TOKEN", "STEP_UP_REQUIRED", "FORBIDDEN", *TRIES),
        public=True,
        query={"next": _NEXT, "link": (_TEXT, "Made by our pages, to link an identity.")},
    ),
    Endpoint(
        "GET",
        "/v1/auth/oidc/{provider}/callback",
        "Come back from a provider",
        None,
        SignedIn | SecondFactorNeeded | UnknownHere | LinkedTo,
        200,
        ("INVALID_TOKEN", "EMAIL_NOT_VERIFIED", "STEP_UP_REQUIRED", "DUPLICATE", *TRIES),
        public=True,
        query={
            "state": (_TEXT, "What was sent to the provider."),
            "code": (_TEXT, "What the provider gives, good once."),
            "iss": (_TEXT, "What the provider calls itself."),
            "error": (_TEXT, "Why the provider did not let them in."),
        },
        also=(303,),
    ),
)
