"""What a message says, in one or more languages, with places for the record's fields."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from tenfold.engine.wording import Places, Wording
from tenfold.kernel.channels import Channel
from tenfold.messages import layout

LANGUAGES = 30
"""In how many languages one template may be."""
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_SUBJECT = 250
_TEXT_MESSAGE = 1_600
"""Characters that a text message may have, in as many parts as it takes."""


class Words(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A message's texts in one language; a mail without `html` is laid out from its text."""

    text: str
    subject: str = ""
    html: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """What one message says to one person."""

    language: str
    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class _Read:
    subject: Wording
    text: Wording
    html: Wording | None


class Script:
    """Words that are ready to be said."""

    def __init__(self, channel: Channel, words: Mapping[str, Words]) -> None:
        self.channel: Channel = channel
        self._read = {
            language: _Read(
                Wording(one.subject),
                Wording(one.text),
                Wording(one.html, html=True) if one.html.strip() else None,
            )
            for language, one in words.items()
        }

    def wordings(self) -> Iterator[Wording]:
        """All of its texts."""
        for one in self._read.values():
            yield one.subject
            yield one.text
            if one.html is not None:
                yield one.html

    def language(self, wanted: str) -> str:
        """The language of it that suits best somebody who speaks this one; else its first."""
        given = wanted.strip().replace("_", "-").lower()
        for language in self._read:
            if language.lower() == given:
                return language
        base = given.partition("-")[0]
        close = (one for one in self._read if one.lower().partition("-")[0] == base)
        return next(close, next(iter(self._read)))

    def say(self, language: str, values: Mapping[str, Any], foot: tuple[str, ...] = ()) -> Said:
        """The message for one person; raises ValueError where it can't be said."""
        chosen = self.language(language)
        one = self._read[chosen]
        subject = " ".join(one.subject.render(values).split())[: 2 * _SUBJECT]
        text = one.text.render(values).strip()
        if not text:
            raise ValueError("the message would be empty")
        if self.channel == "sms":
            if len(text) > _TEXT_MESSAGE:
                raise ValueError(f"a text message has at most {_TEXT_MESSAGE:,} characters")
            return Said(chosen, "", text, "")
        if not subject:
            raise ValueError("the mail would have no subject")
        written = layout.paragraphs(text) if one.html is None else one.html.render(values)
        html = layout.framed(chosen, subject, layout.cleaned(written), foot)
        end = "\n".join(foot)
        return Said(chosen, subject, f"{text}\n\n-- \n{end}\n" if end else f"{text}\n", html)


def problems(
    channel: Channel, words: Mapping[str, Words], places: Places, at: str = "texts"
) -> dict[str, str]:
    """What is wrong with words, each under its place."""
    found: dict[str, str] = {}
    if not 1 <= len(words) <= LANGUAGES:
        found[at] = f"must be 1 to {LANGUAGES} languages, like en"
    for language, one in words.items():
        here = f"{at}.{language}"
        if not _LANGUAGE.fullmatch(language):
            found[here] = "must be a language, like en or pt-BR"
        found |= problems_of(channel, one, places, here)
    return found


def problems_of(channel: Channel, one: Words, places: Places, here: str) -> dict[str, str]:
    """What is wrong with the words of one language."""
    found: dict[str, str] = {}
    if not one.text.strip():
        found[f"{here}.text"] = "is required"
    if channel == "email" and not one.subject.strip():
        found[f"{here}.subject"] = "is required"
    if len(one.subject) > _SUBJECT:
        found[f"{here}.subject"] = f"must have at most {_SUBJECT} characters"
    if channel == "sms":
        for name in ("subject", "html"):
            if getattr(one, name):
                found[f"{here}.{name}"] = "is not sent: a text message has only a text"
        if len(one.text) > _TEXT_MESSAGE:
            found[f"{here}.text"] = f"must have at most {_TEXT_MESSAGE:,} characters"
    for name in ("subject", "text", "html"):
        wording = Wording(getattr(one, name), html=name == "html")
        if f"{here}.{name}" not in found and (told := places.problem(wording)):
            found[f"{here}.{name}"] = told
    return found


__all__ = ["Said", "Script", "Words", "problems", "problems_of"]
