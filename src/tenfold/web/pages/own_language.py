"""How pages speak to oneself: language, the region of figures and dates, time zone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

import phonenumbers
from babel import Locale
from litestar import get, post
from litestar.response.base import ASGIResponse

from tenfold.accounts.identity.account import account_in
from tenfold.accounts.identity.profile import Profile
from tenfold.accounts.identity.sign_in import over
from tenfold.accounts.identity.tokens import Claims
from tenfold.kernel.errors import Invalid
from tenfold.kernel.language import LANGUAGES, manner, say
from tenfold.web.pages import render, speaking, words
from tenfold.web.pages.door import signed_in
from tenfold.web.pages.filters import Option
from tenfold.web.pages.frame import Guest, visiting
from tenfold.web.pages.session import Flash, Req, cookie, keep_flash, routed
from tenfold.web.pages.settings import acting, page
from tenfold.web.pages.typed import Typed, mistyped

_NAMES = ("language", "region", "timezone")
_SAMPLE = 1_250.5


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to choose, what holds where nothing is chosen first."""

    name: str
    label: str
    help: str
    options: tuple[Option, ...]


@get("/settings/language")
async def language_page(request: Req) -> ASGIResponse:
    """The language, the region and the time zone that pages are in."""
    routed(request, "page-settings-language")
    return await _shown(request, await signed_in(request))


@post("/settings/language", status_code=200)
async def choose(request: Req) -> ASGIResponse:
    """Be spoken to otherwise."""
    act = await acting(request, "page-settings-language")
    wanted = Profile(**{name: act.form.get(name) for name in _NAMES})
    try:
        account = await act.gate.own.change(act.claims, wanted, act.client)
    except Invalid as error:
        return await _shown(request, act.claims, mistyped(act.form, _NAMES, error))
    speaking.to_person(request, account.user.language or "", account.user.region or "")
    keep_flash(request, Flash(say("Pages speak so to you from now on.")))
    return render.to(request, "/settings/language")


async def _shown(request: Req, claims: Claims, typed: Typed | None = None) -> ASGIResponse:
    async with visiting(request, claims, blocked=True) as guest:
        account = await account_in(guest.reader, claims.user, claims.tenant)
        if account is None:
            raise over()
        kept, status = typed, 400 if typed else 200
        if kept is None:
            user = account.user
            mine = (user.language or "", user.region or "", user.timezone or "")
            kept = Typed("", dict(zip(_NAMES, mine, strict=True)))
        view: dict[str, Any] = {
            "typed": kept,
            "choices": _choices(guest, kept),
            "samples": _samples(guest),
        }
        title = say("Language and region")
        return page(request, "settings/language.html", guest, title, status=status, **view)


def _choices(guest: Guest, typed: Typed) -> tuple[Choice, ...]:
    who, language = guest.who, manner().language
    place = dict(regions(language)).get(who.region, who.region)
    zone = str(words.zone_of(cookie(guest.request, "zone"), who.timezone)).replace("_", " ")
    spoken, told = LANGUAGES.items(), typed.value
    return (
        Choice(
            "language",
            say("Language"),
            say("What your organisation wrote itself stays as it is."),
            _options(say("As the browser says"), spoken, told("language")),
        ),
        Choice(
            "region",
            say("Region"),
            say("Numbers, amounts and dates are written, and read, as they are there."),
            _options(
                say("As the organisation: %(place)s", place=place),
                regions(language),
                told("region"),
            ),
        ),
        Choice(
            "timezone",
            say("Time zone"),
            say("Times are shown, and entered, as clocks there show them."),
            _options(say("As the browser: %(zone)s", zone=zone), words.zones(), told("timezone")),
        ),
    )


def _options(follow: str, known: Iterable[tuple[str, str]], chosen: str) -> tuple[Option, ...]:
    every = [("", follow), *known]
    return tuple(Option(value, label, value == chosen) for value, label in every)


def _samples(guest: Guest) -> tuple[str, ...]:
    """Some values as they are written now."""
    then: datetime = guest.now
    return (
        words.money(_SAMPLE, guest.who.currency),
        words.whole(then, guest.zone, guest.who.home),
    )


@lru_cache(maxsize=16)
def regions(language: str) -> tuple[tuple[str, str], ...]:
    names = cast("dict[str, str]", Locale(language).territories)
    found = [(code, names.get(code, code)) for code in phonenumbers.SUPPORTED_REGIONS]
    return tuple(sorted(found, key=lambda pair: pair[1]))


HANDLERS = [language_page, choose]
