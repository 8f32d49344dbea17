"""The main pages in a browser: how soon they show, how soon they answer a hand, what they weigh."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from playwright.sync_api import Browser, StorageState

from bench import demo, page_table
from bench.browser import DESK, PHONE, Machine, browsing
from bench.figures import Figure, Target
from bench.load import Sample
from bench.machine import Meter
from bench.main_pages import MAIN_PAGES, MainPage
from bench.options import Options
from bench.rounds import Measured, Rounds, Way, interleaved
from bench.site import Site
from bench.visit import Asked, visit
from tenfold.engine.registry import Registry

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Quantity:
    """One thing that a visit measures, on one machine, and what it must keep to."""

    name: str
    """The column's head."""
    key: str
    machine: Machine
    unit: str
    most: float | None
    scale: float = 1


QUANTITIES = (
    Quantity("LCP", "largest", DESK, "ms", 500),
    Quantity("INP", "interaction", DESK, "ms", 100),
    Quantity("CLS", "shift", DESK, "", 0.02),
    Quantity("LCP, phone", "largest", PHONE, "ms", 1_500),
    Quantity("CLS, phone", "shift", PHONE, "", 0.02),
    Quantity("weight", "bytes", DESK, "kB", 150, 1 / 1_000),
    Quantity("script", "script_bytes", DESK, "kB", 60, 1 / 1_000),
    Quantity("first byte", "answered", DESK, "ms", None),
    Quantity("files", "files", DESK, "", None),
)


def measure(options: Options, types: Registry, say: Say) -> Measured:
    """All of them with the demo organisation's data, and again with many leads more."""
    lead = types.by_name["lead"]
    folder = options.home.with_name(f"{options.home.name}-pages")
    samples: dict[str, Sequence[Sample]] = {}
    rows: list[page_table.Row] = []
    for data, leads in (("demo", 0), (f"{options.page_rows:,} leads", options.page_rows)):
        home = folder / ("filled" if leads else "demo")
        with demo.ready(home, lead, leads, say, fresh=options.fresh) as site:
            # Pages keep to the address that they are opened at.
            port = site.serve("server", TENFOLD_PUBLIC_URL="")
            site.work()
            known = asyncio.run(demo.told_most(site))
            with browsing() as browser:
                ways = _ways(options, browser, site, f"http://127.0.0.1:{port}", known)
                found = interleaved(ways, options.pairs, 1.0, say)
        samples |= {f"{data}, {way}": kept for way, kept in found.samples.items()}
        rows += [_row(data, page, found) for page in _chosen(options)]
    figures = [figure for row in rows for figure in row.figures]
    heads = [one.name for one in QUANTITIES]
    return Measured(figures, Rounds(samples), page_table.table(heads, rows))


def _chosen(options: Options) -> list[MainPage]:
    return [page for page in MAIN_PAGES if page.name in options.pages]


def _ways(options: Options, browser: Browser, site: Site, base: str, known: str) -> dict[str, Way]:
    state = _signed_in(browser, base)

    def way(page: MainPage, machine: Machine) -> Way:
        asked = Asked(
            base + page.path.replace("{lead}", known),
            machine,
            page.acts if machine is DESK else (),
            None if page.public else state,
        )
        return lambda _seconds: opened(browser, asked, site)

    return {
        _named(page, machine): way(page, machine)
        for page in _chosen(options)
        for machine in (DESK, PHONE)
    }


def _named(page: MainPage, machine: Machine) -> str:
    return f"{page.name}, {machine.name}"


def _signed_in(browser: Browser, base: str) -> StorageState:
    """The cookies of the demo organisation's owner."""
    window = browser.new_context()
    try:
        page = window.new_page()
        page.goto(f"{base}/login")
        page.fill("input[name=email]", demo.EMAIL)
        page.fill("input[name=password]", demo.PASSWORD)
        page.press("input[name=password]", "Enter")
        page.wait_for_url(lambda address: "/login" not in address)
        return window.storage_state()
    finally:
        window.close()


def opened(browser: Browser, asked: Asked, site: Site | None = None) -> Sample:
    """One visit as a sample; its time is that until the largest of the page was painted."""
    meter = site.meter() if site else Meter({}, {})
    meter.begin()
    found = visit(browser, asked)
    used = meter.end()
    seconds = found.measured.get("largest", 0.0) / 1_000
    return Sample(
        1 / seconds if seconds else 0.0,
        1,
        seconds,
        used=used,
        measured=found.measured,
        notes=found.notes,
        problem="; ".join(dict.fromkeys(found.problems)),
    )


def _row(data: str, page: MainPage, rounds: Rounds) -> page_table.Row:
    figures = [judged(f"{page.name} with {data}", one, rounds, _named(page, one.machine))
               for one in QUANTITIES]  # fmt: skip
    return page_table.Row(data, page.name, figures)


def judged(name: str, one: Quantity, rounds: Rounds, way: str) -> Figure:
    """A quantity of one page, by the median of its visits."""
    target = None if one.most is None else Target(one.most, at_most=True)
    values = [one.scale * value for value in rounds.measured(way, one.key)]
    return rounds.figure(f"{name}, {one.name}", one.unit, values, target, way)
