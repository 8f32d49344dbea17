"""One visit: a page opened by somebody who never saw it, then used, and what that felt like."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, Response, StorageState
from playwright.sync_api import Error as BrowserError

from bench.browser import Machine

_VITALS = (Path(__file__).parent / "vitals.js").read_text("utf-8")
_PATIENCE = 30.0
_QUIET = 0.3
"""Seconds without a request after which a page has settled."""
_PACE = 60
"""Milliseconds between two keys of a text."""

Act = Callable[[Page], None]
Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """A page, what is done on it, as whom, and on what machine it is opened."""

    address: str
    machine: Machine
    acts: Sequence[Act] = ()
    state: StorageState | None = None


@dataclass(slots=True)
class Visit:
    """What a visit gave: milliseconds, shares and bytes by name; why, in words; what was wrong."""

    measured: dict[str, float] = field(default_factory=dict[str, float])
    notes: dict[str, str] = field(default_factory=dict[str, str])
    problems: list[str] = field(default_factory=list[str])


class Traffic:
    """Counts what comes over the line, as the browser's own developer tools do."""

    def __init__(self, session: CDPSession) -> None:
        self._kinds: dict[str, str] = {}
        self._open: set[str] = set()
        self._changed = time.monotonic()
        self.files = 0
        self.bytes = self.script = 0.0
        session.on("Network.requestWillBeSent", self._sent)
        session.on("Network.responseReceived", self._answered)
        session.on("Network.loadingFinished", self._finished)
        session.on("Network.loadingFailed", self._ended)
        _told(session, "Network.enable")

    @property
    def quiet(self) -> bool:
        """Whether nothing is under way, and nothing was a moment ago."""
        return not self._open and time.monotonic() - self._changed > _QUIET

    def _sent(self, event: Entry) -> None:
        # A stream of events stays open.
        if event.get("type") != "EventSource":
            self._open.add(event["requestId"])
        self._changed = time.monotonic()

    def _answered(self, event: Entry) -> None:
        self._kinds[event["requestId"]] = event.get("type", "")

    def _finished(self, event: Entry) -> None:
        size: float = event["encodedDataLength"]
        self.bytes += size
        self.files += size > 0
        if self._kinds.get(event["requestId"]) == "Script":
            self.script += size
        self._ended(event)

    def _ended(self, event: Entry) -> None:
        self._open.discard(event["requestId"])
        self._changed = time.monotonic()


def visit(browser: Browser, asked: Asked) -> Visit:
    """Open a page with nothing kept from before, use it, and answer what was measured."""
    found = Visit()
    with _window(browser, asked) as window:
        page = window.new_page()
        _listen(page, found)
        session = window.new_cdp_session(page)
        traffic = Traffic(session)
        _slow_down(session, asked.machine)
        try:
            _opened(page, asked, traffic, found)
            for act in asked.acts:
                act(page)
                page.evaluate("painted()")
                _settle(page, traffic)
            _felt(page, asked, found)
        except BrowserError as error:
            found.problems.append(str(error).strip().split("\n")[0])
    return found


@contextlib.contextmanager
def _window(browser: Browser, asked: Asked) -> Generator[BrowserContext]:
    """A window of its own, whose cache is empty."""
    width, height = asked.machine.size
    window = browser.new_context(
        viewport={"width": width, "height": height},
        is_mobile=asked.machine.touched,
        has_touch=asked.machine.touched,
        storage_state=asked.state,
    )
    window.set_default_timeout(_PATIENCE * 1_000)
    window.add_init_script(_VITALS)
    try:
        yield window
    finally:
        window.close()


def _listen(page: Page, found: Visit) -> None:
    """What stands in the console as an error is a problem."""
    page.on(
        "console",
        lambda said: found.problems.append(said.text) if said.type == "error" else None,
    )
    page.on("pageerror", lambda error: found.problems.append(str(error)))


def _slow_down(session: CDPSession, machine: Machine) -> None:
    if machine.slower > 1:
        _told(session, "Emulation.setCPUThrottlingRate", rate=machine.slower)
    if line := machine.line:
        _told(
            session,
            "Network.emulateNetworkConditions",
            offline=False,
            latency=line.latency,
            downloadThroughput=line.down / 8,
            uploadThroughput=line.up / 8,
        )


def _told(session: CDPSession, command: str, **given: float) -> None:
    """Tell the browser by its developer tools."""
    send = cast("Callable[[str, dict[str, float]], object]", session.send)  # pyright: ignore[reportUnknownMemberType]
    send(command, given)


def _opened(page: Page, asked: Asked, traffic: Traffic, found: Visit) -> None:
    answer = page.goto(asked.address, wait_until="load")
    _settle(page, traffic)
    found.problems.extend(_wrong(answer))
    found.measured |= {
        "bytes": traffic.bytes,
        "script_bytes": traffic.script,
        "files": traffic.files,
    }
    # Before the first key: from then on nothing that is painted counts as the page's own.
    felt = page.evaluate("felt()")
    if not felt["largest"]:
        found.problems.append("nothing was painted")
    found.measured |= {name: felt[name] for name in ("answered", "paint", "largest")}
    found.notes["largest"] = felt["what"]


def _wrong(answer: Response | None) -> Generator[str]:
    if answer is None or answer.status != 200:
        yield f"status {answer.status if answer else 'unknown'}"
    elif answer.request.redirected_from is not None:
        yield f"led to {answer.url}"


def _settle(page: Page, traffic: Traffic) -> None:
    """Until nothing is fetched any more."""
    until = time.monotonic() + _PATIENCE
    while not traffic.quiet and time.monotonic() < until:
        page.wait_for_timeout(50)


def _felt(page: Page, asked: Asked, found: Visit) -> None:
    felt = page.evaluate("felt()")
    found.measured["shift"] = felt["shift"]
    found.notes["shift"] = "; ".join(felt["shifted"])
    if not asked.acts:
        return
    if not felt["interactions"]:
        found.problems.append("nothing that was done counted as an interaction")
    # What took less than 16 ms is not told.
    worst = max(felt["longest"], key=lambda one: one["duration"], default=None)
    found.measured["interaction"] = worst["duration"] if worst else 16.0
    found.notes["interaction"] = worst["what"] if worst else ""


# --- what somebody does ---


def press(key: str) -> Act:
    """Press a key, or several at once (`Alt+ArrowRight`)."""
    return lambda page: page.keyboard.press(key)


def write(text: str) -> Act:
    """Type a text where the focus is."""
    return lambda page: page.keyboard.type(text, delay=_PACE)


def click(selector: str) -> Act:
    """Click on the first that fits."""
    return lambda page: page.locator(selector).locator("visible=true").first.click()


def focus(selector: str) -> Act:
    """Give the focus to the first that fits, as keys would."""
    return lambda page: page.locator(selector).locator("visible=true").first.focus()
