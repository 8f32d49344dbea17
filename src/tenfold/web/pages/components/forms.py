"""Samples of fields: each control empty, filled, wrong, with help; and the small forms of menus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from tenfold.kernel.language import mark, say
from tenfold.web.pages.components.apart import SAMPLE
from tenfold.web.pages.components.values import LONG, RIGHT_TO_LEFT
from tenfold.web.pages.filters import Builder, Option
from tenfold.web.pages.passkeys import Hindrance
from tenfold.web.pages.typed import Typed
from tenfold.web.pages.widgets import Part, Widget

_SOURCES = ("Web", "Referral", "Open house")
_SMALL = ("name", "email", "password", "role", "topics", "owner")


@dataclass(frozen=True, slots=True)
class Forms:
    """What the sections of fields and of small forms show."""

    controls: tuple[tuple[str, tuple[Widget, ...]], ...]
    odd: tuple[Widget, ...]
    closed: tuple[Widget, ...]
    empty: Typed
    filled: Typed
    wrong: Typed
    choices: tuple[tuple[str, str], ...]
    builder: Builder
    looked_up: Builder
    bulk: Widget
    hindrance: Hindrance
    path: str


def options(*chosen: str) -> tuple[Option, ...]:
    """The choices of a sample field."""
    return tuple(Option(one.lower(), one, one in chosen) for one in _SOURCES)


_CONTROLS: tuple[tuple[str, dict[str, Any], dict[str, Any]], ...] = (
    (mark("Text"), {}, {"value": "Zoë"}),
    (mark("E-mail"), {"input": "email", "mode": "email"}, {"value": "zoe@example.com"}),
    (mark("Phone"), {"input": "tel", "mode": "tel"}, {"value": "+1 415 555 0123"}),
    (mark("Web address"), {"input": "url", "mode": "url"}, {"value": "https://example.com"}),
    (mark("Number"), {"mode": "numeric"}, {"value": "1250"}),
    (mark("Percentage"), {"mode": "decimal", "beside": "%"}, {"value": "2.5"}),
    (mark("Date"), {"input": "date"}, {"value": "2026-11-24"}),
    (mark("Secret"), {"input": "password"}, {"hint": mark("Leave empty to keep it")}),
    (mark("Tags"), {"hint": "garden, first home"}, {"value": "garden, first home"}),
    (mark("Long text"), {"control": "area", "wide": True}, {"value": "By the river."}),
    (mark("One of several"), {"control": "select"}, {"options": options("Referral")}),
    (
        mark("Some of several"),
        {"control": "choices", "wide": True},
        {"options": options("Web", "Referral")},
    ),
    (mark("Yes or no"), {"control": "box"}, {"value": "true"}),
    (mark("Money"), {"control": "money", "beside": "USD"}, {"value": "1250000"}),
    (mark("Moment"), {"control": "datetime"}, {"value": "2026-11-24T09:00"}),
    (mark("Another record"), {"control": "pick", "picks": "owner"}, {"value": "Ada Byron"}),
    (mark("Address"), {"control": "address", "wide": True}, {"parts": ()}),
)


def _parts(name: str, *values: str) -> tuple[Part, ...]:
    named = (say("Street"), say("City"), say("Postal code"))
    keys = ("street", "city", "postal_code")
    filled = (*values, "", "", "")
    return tuple(Part(f"{name}.{k}", n, v) for k, n, v in zip(keys, named, filled, strict=False))


def _widget(label: str, zone: ZoneInfo, more: Mapping[str, Any]) -> Widget:
    name = "".join(letter for letter in label.lower() if letter.isalpha())
    base: dict[str, Any] = {"name": name, "label": say(label), "control": "line"}
    made = Widget(**(base | dict(more)))
    if made.hint:
        made = replace(made, hint=say(made.hint))
    if made.control in ("select", "choices") and not made.options:
        made = replace(made, options=options())
    if made.control == "select" and not any(one.chosen for one in made.options):
        made = replace(made, options=(Option("", "", chosen=True), *made.options))
    if made.control == "datetime":
        made = replace(made, zone=str(zone), beside=str(zone).rpartition("/")[2].replace("_", " "))
    if made.control == "address":
        filled = ("12 River Road", "Riverside", "95630") if "parts" in more else ()
        made = replace(made, parts=_parts(name, *filled))
    return made


def forms(zone: ZoneInfo) -> Forms:
    """The samples."""
    wrong = {"error": say("This can't be used here; write it otherwise.")}
    controls = tuple(
        (
            say(label),
            (
                replace(_widget(label, zone, kind), mark="-empty"),
                replace(_widget(label, zone, kind | filled), mark="-filled"),
                replace(_widget(label, zone, kind | filled | wrong), mark="-wrong"),
            ),
        )
        for label, kind, filled in _CONTROLS
    )
    helped = {"help": say("What helps to fill it in stands here."), "required": True}
    both = {"value": "Zoë", "now": "Zoe"}
    text = _CONTROLS[0][1]
    filled = {
        "name": "Ada Byron",
        "email": "ada@example.com",
        "password": "quiet-heron",
        "role": "member",
        "topics": "web,mail",
        "owner": "Kenji Abe",
    }
    return Forms(
        controls=controls,
        odd=(
            replace(_widget(mark("Required, with help"), zone, text | helped), mark="-1"),
            replace(_widget(mark("Changed meanwhile"), zone, text | both), mark="-2"),
            replace(_widget(mark("Very long"), zone, {"value": LONG}), mark="-3"),
            replace(_widget(mark("Right-to-left text"), zone, {"value": RIGHT_TO_LEFT}), mark="-4"),
        ),
        closed=tuple(
            replace(_widget(label, zone, kind | given), mark="-closed")
            for label, kind, given in _CONTROLS
            if kind.get("control", "line") in ("line", "select", "box", "area")
        )[-4:],
        empty=Typed(),
        filled=Typed(values=filled),
        wrong=Typed(values=filled, problems=dict.fromkeys(_SMALL, wrong["error"])),
        choices=(("member", "Member"), ("manager", "Manager"), ("web", "Web"), ("mail", "Mail")),
        builder=Builder(options("Web"), options("Web"), "text", options("Web"), "", "", "", []),
        looked_up=Builder(
            options("Web"), options("Web"), "text", (), "Ada", "", SAMPLE, [], wrong["error"]
        ),
        bulk=_widget(mark("One of several"), zone, {"control": "select"}),
        hindrance=Hindrance(say("Passkeys need the address that they were made for.")),
        path=SAMPLE,
    )
