"""Samples of one template beside one another: each with names of its own, and none of them acts."""

from __future__ import annotations

import re

from markupsafe import Markup

SAMPLE = "/components/sample"
"""Where forms of samples are sent, which does nothing."""
_NAMES = re.compile(
    r'\b(id|for|form|list|aria-labelledby|aria-describedby|aria-controls|headers)="([^"]+)"'
)
_LANDMARK = re.compile(r'(<(?:nav|section|aside|form)\b[^>]*\baria-label="[^"]+)"')
_RADIO = re.compile(r'type="radio" name="([^"]+)"')
_ACTION = re.compile(r'\baction="[^"]*"')
_LINK = re.compile(r'\bhref="/(?!static/)[^"]*"')


class Apart:
    """Gives each sample's elements names that no other has; its links lead to the sample itself."""

    def __init__(self) -> None:
        self._number = 0

    def begin(self) -> str:
        """The name of the next sample."""
        self._number += 1
        return f"sample-{self._number}"

    def __call__(self, html: str) -> Markup:
        """The present sample's markup, which the product's templates made, set apart."""
        mark = f"s{self._number}"

        def named(found: re.Match[str]) -> str:
            names = " ".join(f"{name}-{mark}" for name in found[2].split())
            return f'{found[1]}="{names}"'

        text = _NAMES.sub(named, html)
        text = _LANDMARK.sub(rf'\1 ({self._number})"', text)
        text = _RADIO.sub(rf'type="radio" name="\1-{mark}"', text)
        text = _ACTION.sub(f'action="{SAMPLE}"', text)
        return Markup(_LINK.sub(f'href="#sample-{self._number}"', text))  # noqa: S704
