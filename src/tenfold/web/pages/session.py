"""Who a page is for: the session cookie, its silent renewal, and proof that a form is ours."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

import msgspec
from litestar import Request
from litestar.datastructures import Cookie

from tenfold.accounts.identity.tokens import Claims
from tenfold.engine.registry import CUSTOM
from tenfold.kernel.codec import spelled, unspelled
from tenfold.kernel.errors import BadRequest, Forbidden, Unauthenticated
from tenfold.kernel.language import say
from tenfold.web.cookies import Cookies
from tenfold.web.desk import Desk, desk_of, header

Req = Request[Any, Any, Any]
_FORM = "application/x-www-form-urlencoded"
_COOKIES = "tenfold.set_cookies"
# Pages, by how htmx asks for them, and the panel beside a list.
_TELLING = frozenset({"", "body", "panel"})


class SignInFirst(Unauthenticated):
    """The page needs somebody who is signed in; answered by the way to the sign-in page."""


_DIGITS = 18


def whole(text: str) -> int | None:
    """A whole number of up to 18 digits; None for anything else."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else None


class Form:
    """A posted form: the values of each name, in order; PostgreSQL's texts hold no NUL."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self.pairs = [(name, value.replace("\x00", "")) for name, value in pairs]
        self._values: dict[str, list[str]] = {}
        for name, value in self.pairs:
            self._values.setdefault(name, []).append(value)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def get(self, name: str, default: str = "") -> str:
        """The last value of a name: a ticked box comes after the hidden `false` before it."""
        return self._values[name][-1] if name in self._values else default

    def whole(self, name: str) -> int | None:
        """A whole number of up to 18 digits; None for anything else."""
        return whole(self.get(name))

    def names(self, start: str) -> list[str]:
        """The names that begin so, in order."""
        return [name for name in self._values if name.startswith(start)]

    def all(self, name: str) -> list[str]:
        """All values of a name that are not empty."""
        return [value for value in self._values.get(name, []) if value]


def here(request: Req) -> str:
    """The page's path as people see it; `custom~` stands inside for an organisation's own types."""
    return request.scope["path"].replace(f"/{CUSTOM}", "/custom/", 1)


def scope_of(request: Req) -> dict[str, Any]:
    """The request's scope as what it is: a place where layers leave each other notes."""
    return cast("dict[str, Any]", request.scope)


def routed(request: Req, name: str) -> None:
    """Name the page for the metrics and the log; raises BadRequest for an address with a NUL."""
    scope_of(request)["tenfold.route"] = name
    if b"%00" in request.scope["query_string"]:
        raise BadRequest(say("An address can't hold a NUL character."))


def keep_cookie(
    request: Req, name: str, value: str, seconds: int | None = None, *, scripts: bool = False
) -> None:
    """Set a cookie with the answer to this request, whatever the answer will be."""
    made = _cookies(request).made(name, value, seconds, scripts=scripts)
    kept_cookies(request).append(made)


def kept_cookies(request: Req) -> list[Cookie]:
    """The cookies to set with the answer."""
    return scope_of(request).setdefault(_COOKIES, [])


def cookie(request: Req, name: str) -> str:
    """The value of one of our cookies, or an empty text."""
    return _cookies(request).read(request.cookies, name)


def _cookies(request: Req) -> Cookies:
    return request.app.state.gate.cookies


# -- forms


async def read_form(request: Req) -> Form:
    """The posted form; raises BadRequest. That no other site sent it was seen at the entrance."""
    kind = header(request.scope, b"content-type").partition(";")[0].strip().lower()
    if kind != _FORM:
        raise BadRequest(say("Send the form as a browser does."))
    try:
        text = (await request.body()).decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=2_000)
    except ValueError:
        raise BadRequest(say("The form can't be read.")) from None
    return Form(pairs)


async def signed_form(request: Req, claims: Claims) -> Form:
    """A form that carries this session's token; raises Forbidden where it doesn't."""
    form = await read_form(request)
    check_signed(request, claims, form)
    return form


def check_signed(request: Req, claims: Claims, form: Form) -> None:
    """Raise Forbidden unless the form carries this session's token."""
    if not _matches(desk_of(request), claims, form.get("csrf")):
        raise Forbidden(
            say(
                "This form is too old, or came from another place. Go back, load the page again "
                "and repeat your change."
            )
        )


def form_token(desk: Desk, claims: Claims) -> str:
    """A token for forms, bound to the session; never twice the same, so that it can't be
    guessed from the sizes of compressed pages (BREACH)."""
    nonce = secrets.token_bytes(9)
    return spelled(nonce + _proofs(desk, claims, nonce)[0])


def _matches(desk: Desk, claims: Claims, token: str) -> bool:
    try:
        raw = unspelled(token)
    except ValueError:
        return False
    return any(hmac.compare_digest(raw[9:], one) for one in _proofs(desk, claims, raw[:9]))


def _proofs(desk: Desk, claims: Claims, nonce: bytes) -> list[bytes]:
    """What proves it, under the key of today and those that are still accepted."""
    said = nonce + claims.session.bytes
    keys = desk.keyring.derived("csrf")()
    return [hmac.new(key, said, hashlib.sha256).digest()[:18] for key in keys]


def address_of(text: str) -> tuple[str, str]:
    """The host and the path with its query that a header names; empty where it names none."""
    try:
        parts = urlsplit(text)
    except ValueError:  # no browser sends such
        return "", ""
    return parts.netloc, parts.path + (f"?{parts.query}" if parts.query else "")


def shown(request: Req) -> str:
    """The page of ours that the browser showed as it asked; empty where it does not say."""
    scope = request.scope
    told = header(scope, b"hx-current-url") or header(scope, b"referer")
    return address_of(told)[1]


def listed_in(request: Req) -> str:
    """The query of the list that a record was come to from; empty where there is none."""
    return str(dict(request.query_params.items()).get("in", ""))[:_LONGEST_LIST]


_LONGEST_LIST = 8_000


# -- a sentence that is shown once, on the next page


class Flash(msgspec.Struct, frozen=True):
    """What was done, said on the next page; `undo` is where a form can undo it, `more` a page."""

    text: str
    undo: str = ""
    kind: str = "done"
    more: str = ""


def keep_flash(request: Req, flash: Flash) -> None:
    """Say this on the next page."""
    body = msgspec.json.encode(flash)
    tag = _flash_tag(desk_of(request), body)
    keep_cookie(request, "flash", spelled(tag + body), 60)


def swapped(request: Req) -> str:
    """The part of a page that htmx asks for, by its id; `body`, or empty, for a whole page."""
    restoring = header(request.scope, b"hx-history-restore-request")
    return "" if restoring else header(request.scope, b"hx-target").rpartition("#")[2]


def take_flash(request: Req) -> Flash | None:
    """What is to be said on this page, and not again; a part that is shown anew says nothing."""
    text = cookie(request, "flash")
    if not text or swapped(request) not in _TELLING:
        return None
    keep_cookie(request, "flash", "", 0)
    try:
        raw = unspelled(text)
        if not hmac.compare_digest(raw[:12], _flash_tag(desk_of(request), raw[12:])):
            return None
        return msgspec.json.decode(raw[12:], type=Flash)
    except (ValueError, msgspec.MsgspecError):
        return None


def _flash_tag(desk: Desk, body: bytes) -> bytes:
    return hmac.new(desk.keyring.derive("flash"), body, hashlib.sha256).digest()[:12]
