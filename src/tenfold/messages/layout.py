"""How a mail looks: what somebody wrote, in a plain frame that every mail program shows alike."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

import nh3

_ATTRIBUTES = {**nh3.ALLOWED_ATTRIBUTES, "*": {"style", "align", "dir", "lang"}}
_STYLES = {
    "background-color",
    "border",
    "border-radius",
    "color",
    "display",
    "font-family",
    "font-size",
    "font-style",
    "font-weight",
    "line-height",
    "margin",
    "max-width",
    "padding",
    "text-align",
    "text-decoration",
    "width",
}
_BREAK = "<br>\n"
_LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)]")
_FRAME = """<!doctype html>
<html lang="{language}" dir="auto">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{subject}</title>
</head>
<body style="margin:0;padding:24px 16px">
<div style="max-width:600px;margin:0 auto;font:16px/1.5 system-ui,-apple-system,sans-serif">
{body}
{foot}</div>
</body>
</html>
"""
_FOOT = '<p style="margin:32px 0 0;font-size:13px;line-height:1.5;color:#777">{}</p>\n'


def framed(language: str, subject: str, body: str, foot: Sequence[str]) -> str:
    """A whole page of HTML; `body` is HTML that was cleaned, `foot` lines of plain text."""
    lines = "<br>\n".join(linked(line) for line in foot)
    return _FRAME.format(
        language=escape(language or "en"),
        subject=escape(subject),
        body=body,
        foot=_FOOT.format(lines) if lines else "",
    )


def cleaned(html: str) -> str:
    """HTML that somebody wrote, without what runs, tracks, or breaks out of its place."""
    return nh3.clean(html, attributes=_ATTRIBUTES, filter_style_properties=_STYLES)


def paragraphs(text: str) -> str:
    """Plain text as HTML: empty lines part paragraphs, addresses lead where they say."""
    parts = [one.strip() for one in re.split(r"\n\s*\n", text.strip())]
    return "\n".join(
        f'<p style="margin:0 0 16px">{_BREAK.join(map(linked, one.splitlines()))}</p>'
        for one in parts
        if one
    )


def linked(text: str) -> str:
    """Plain text in HTML, with its addresses as links."""
    found, last = "", 0
    for link in _LINK.finditer(text):
        address = escape(link[0])
        found += f'{escape(text[last : link.start()])}<a href="{address}">{address}</a>'
        last = link.end()
    return found + escape(text[last:])
