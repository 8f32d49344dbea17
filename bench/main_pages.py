"""The main pages, and what somebody does on each of them by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from bench.visit import Act, click, focus, press, write

# Hot, or promising and from people who know us; and in any case somebody who can buy soon.
_NESTED = {
    "timeline": "immediate,1_3_months",
    "where": json.dumps(
        {
            "any": [
                {"status": "hot"},
                {"all": [{"score[gte]": "60"}, {"source": "referral,past_client"}]},
            ]
        }
    ),
}
_PALETTE: Sequence[Act] = (press("Control+k"), write("mar"), press("ArrowDown"), press("Escape"))
_MENU: Sequence[Act] = (click(".me"), press("Escape"))
_FILTER: Sequence[Act] = (press("f"), press("Escape"))
_CHOOSE: Sequence[Act] = (press("j"), press("j"), press("x"), press("Escape"))


@dataclass(frozen=True, slots=True)
class MainPage:
    """A page by its name and path, where `{lead}` is a lead's id, and what is done on it."""

    name: str
    path: str
    acts: Sequence[Act]
    public: bool = False
    """Whether it is opened by somebody who is not signed in."""


MAIN_PAGES: Sequence[MainPage] = (
    MainPage(
        "sign-in",
        "/login",
        (click("#f-email"), write("ada@example.com"), press("Tab"), write("quiet")),
        public=True,
    ),
    MainPage("home", "/", (*_MENU, click(".agenda-line summary"), press("Escape"), *_PALETTE)),
    MainPage(
        "list",
        "/leads",
        (
            *_FILTER,
            *_CHOOSE,
            press("e"),
            press("Escape"),
            click(".grid thead a"),
            press("/"),
            write("mar"),
            *_PALETTE,
        ),
    ),
    MainPage("nested-filters", f"/leads?{urlencode(_NESTED)}", (*_FILTER, *_CHOOSE)),
    MainPage("groups", "/leads?group=status", (click("[data-fold]"), *_FILTER, *_CHOOSE)),
    MainPage(
        "board",
        "/leads?as=board",
        (
            focus(".board-card[data-move] a"),
            press("Alt+ArrowRight"),
            press("Alt+ArrowLeft"),
            *_FILTER,
        ),
    ),
    MainPage(
        "calendar",
        "/leads?as=calendar",
        (
            click(".calendar-head [rel=next]"),
            press("t"),
            focus(".entry-on[data-move] a"),
            press("Alt+ArrowRight"),
            press("Alt+ArrowLeft"),
        ),
    ),
    MainPage(
        "record",
        "/leads/{lead}",
        (press("e"), press("Escape"), click(".kinds a"), write("Called back."), *_MENU, *_PALETTE),
    ),
    MainPage("search", "/search?q=mar", (click("#words"), press("End"), write("ia"), *_MENU)),
    MainPage("import", "/imports/new", (focus("#f-type"), press("ArrowDown"), *_MENU, *_PALETTE)),
    MainPage("people", "/admin/people", (press("/"), write("mar"), press("Enter"), *_MENU)),
    MainPage("roles", "/admin/roles", (*_MENU, *_PALETTE)),
    MainPage("sessions", "/admin/sessions", _MENU),
    MainPage("tags", "/admin/tags", (press("/"), write("o"), press("Enter"), *_MENU)),
    MainPage("events", "/admin/security/events", _MENU),
    MainPage("jobs", "/admin/jobs", _MENU),
    MainPage("health", "/admin/health", _MENU),
)
NAMES = tuple(one.name for one in MAIN_PAGES)
