"""Browsers and programs by what they call themselves, in the words that people know them by."""

from __future__ import annotations

from dataclasses import dataclass

from tenfold.kernel.language import say

# The first that fits: nearly all call themselves Safari and Mozilla, too.
_PROGRAMS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Vivaldi", "Vivaldi"),
    ("FxiOS", "Firefox"),
    ("Firefox", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Chromium", "Chromium"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)
_IN_HAND = frozenset({"iPhone", "iPad", "Android"})


@dataclass(frozen=True, slots=True)
class Agent:
    """A browser on a machine, and the icon of such machines."""

    name: str
    icon: str


def agent(text: str) -> Agent:
    """What a User-Agent header names: `Firefox on Windows`, a program by its first word."""
    program = next((name for sign, name in _PROGRAMS if sign in text), "")
    system = next((name for sign, name in _SYSTEMS if sign in text), "")
    if not text.startswith("Mozilla/"):
        program, system = text.partition("/")[0].strip()[:40], ""
    words = [word for word in (program, system) if word]
    name = " ".join(words) or say("Unknown program")
    if len(words) == 2:
        name = say("%(program)s on %(system)s", program=program, system=system)
    return Agent(name, _icon(program, system))


def _icon(program: str, system: str) -> str:
    if system in _IN_HAND:
        return "smartphone"
    return "monitor" if program and system else "globe"
