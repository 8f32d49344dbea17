"""What the benchmark of pages sees: pages of its own that shift, weigh, wait or break."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from bench.browser import DESK, PHONE, browsing
from bench.figures import Figure
from bench.load import Sample
from bench.main_pages import MAIN_PAGES
from bench.pages import QUANTITIES, judged, opened
from bench.rounds import Rounds
from bench.visit import Act, Asked, click, focus, press
from playwright.sync_api import Browser

from bench import options, page_table

HEAD = '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">'
BUTTON = "<p>A page with some text on it.</p><button>Press</button>"
HEAVY = os.urandom(200_000)
pytestmark = pytest.mark.untraced

PAGES = {
    "/calm": BUTTON,
    "/shifting": f"""{BUTTON}<script>setTimeout(() => {{
        const one = document.createElement("div");
        one.style.height = "300px";
        document.body.prepend(one);
    }}, 300)</script>""",
    "/heavy": f'{BUTTON}<script src="/bytes.js"></script>',
    "/busy": f"""{BUTTON}<script>document.querySelector("button").onclick = () => {{
        for (const end = performance.now() + 200; performance.now() < end;) {{}}
    }}</script>""",
    "/hasty": f"""{BUTTON}<script>
        const button = document.querySelector("button");
        let seen = true;
        const act = () => {{
            if (!seen) console.error("acted on before the last answer was painted");
            seen = false;
            requestAnimationFrame(() => setTimeout(() => {{ seen = true; }}));
        }};
        button.onclick = act;
        button.onkeydown = act;
    </script>""",
    "/complaining": f'{BUTTON}<script>console.error("wrong")</script>',
    "/throwing": f'{BUTTON}<script>throw new Error("thrown")</script>',
    "/lacking": f'{BUTTON}<img src="/no-such-picture">',
    "/empty": "",
    "/styled": f'<link rel="stylesheet" href="/sheet.css">{BUTTON}',
}


class _Page(BaseHTTPRequestHandler):
    """Answers with one of the pages; quietly."""

    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(303)
            self.send_header("location", "/calm")
            self.end_headers()
            return
        if self.path == "/late":
            time.sleep(0.6)
        self._say(*_answer(self.path))

    def _say(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def _answer(path: str) -> tuple[int, str, bytes]:
    if path == "/bytes.js":
        return 200, "text/javascript", b"/*" + HEAVY.hex().encode()[: len(HEAVY)] + b"*/"
    if path == "/sheet.css":
        return 200, "text/css", b"/*" + b"x" * 100_000 + b"*/"
    known = PAGES.get("/calm" if path == "/late" else path)
    return (
        (404 if known is None else 200),
        "text/html",
        f"{HEAD}{known if known is not None else BUTTON}".encode(),
    )


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A server of these pages."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser, as the benchmark starts it."""
    with browsing() as one:
        yield one


def judged_as(sample: Sample) -> dict[str, Figure]:
    """The figures of a page that was opened once, by the heads of their columns."""
    rounds = Rounds({"page": [sample]})
    return {one.name: judged("page", one, rounds, "page") for one in QUANTITIES}


def test_a_light_and_steady_page_is_met(browser: Browser, address: str) -> None:
    sample = opened(browser, Asked(f"{address}/calm", DESK, (click("button"), press("Tab"))))
    assert sample.problem == ""
    found = judged_as(sample)
    assert found["weight"].met
    assert found["script"].values == (0,)
    assert found["CLS"].values == (0,)
    assert 0 < sample.measured["paint"] <= sample.measured["largest"]
    assert sample.measured["interaction"] >= 8


def test_what_moves_after_a_moment_is_a_shift(browser: Browser, address: str) -> None:
    sample = opened(browser, Asked(f"{address}/shifting", DESK))
    assert sample.measured["shift"] > 0.02
    assert sample.notes["shift"]
    assert judged_as(sample)["CLS"].verdict == "MISSED"


def test_what_comes_over_the_line_is_weighed(browser: Browser, address: str) -> None:
    sample = opened(browser, Asked(f"{address}/heavy", DESK))
    assert 200_000 < sample.measured["script_bytes"] < 201_000
    assert sample.measured["script_bytes"] < sample.measured["bytes"] < 202_000
    assert sample.measured["files"] == 2
    found = judged_as(sample)
    assert (found["weight"].verdict, found["script"].verdict) == ("MISSED", "MISSED")


def test_each_visit_begins_with_nothing_kept(browser: Browser, address: str) -> None:
    first, second = (opened(browser, Asked(f"{address}/heavy", DESK)) for _ in range(2))
    assert second.measured["bytes"] == first.measured["bytes"]


def test_a_hand_that_waits_is_noticed(browser: Browser, address: str) -> None:
    sample = opened(browser, Asked(f"{address}/busy", DESK, (click("button"),)))
    assert sample.measured["interaction"] >= 200
    assert "on button" in sample.notes["interaction"]
    assert judged_as(sample)["INP"].verdict == "MISSED"


def test_keys_count_as_clicks_do(browser: Browser, address: str) -> None:
    acts = (focus("button"), press("Enter"))
    sample = opened(browser, Asked(f"{address}/busy", DESK, acts))
    assert sample.measured["interaction"] >= 200


def test_nothing_is_done_before_the_last_answer_is_painted(browser: Browser, address: str) -> None:
    """Else what is opened and closed in one frame counts until something else is painted."""
    acts = (click("button"), press("a"), press("b"))
    assert opened(browser, Asked(f"{address}/hasty", DESK, acts)).problem == ""


def test_a_page_that_comes_late_is_late(browser: Browser, address: str) -> None:
    sample = opened(browser, Asked(f"{address}/late", DESK))
    assert sample.measured["answered"] >= 600
    assert judged_as(sample)["LCP"].verdict == "MISSED"


def test_a_phone_waits_for_its_line(browser: Browser, address: str) -> None:
    """100 kB of style take half a second at 1.6 Mbit/s, and two requests 150 ms each."""
    assert opened(browser, Asked(f"{address}/styled", PHONE)).measured["largest"] >= 750


@pytest.mark.parametrize(
    ("path", "acts", "problem"),
    [
        ("/nowhere", (), "status 404"),
        ("/moved", (), "led to"),
        ("/complaining", (), "wrong"),
        ("/throwing", (), "thrown"),
        ("/lacking", (), "404"),
        ("/empty", (), "nothing was painted"),
        ("/calm", (focus("button"),), "nothing that was done"),
    ],
)
def test_what_went_wrong_fails_every_figure(
    browser: Browser, address: str, path: str, acts: Sequence[Act], problem: str
) -> None:
    sample = opened(browser, Asked(f"{address}{path}", DESK, acts))
    assert problem in sample.problem
    assert not any(one.met for one in judged_as(sample).values())


def test_the_table_says_what_is_missed(browser: Browser, address: str) -> None:
    figures = list(judged_as(opened(browser, Asked(f"{address}/shifting", DESK))).values())
    row = page_table.Row("demo", "page", figures)
    assert "CLS" in row.verdict
    text = page_table.table([one.name for one in QUANTITIES], [row])
    assert "≤ 0.02" in text
    assert " ! |" in text


def test_pages_are_chosen_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert options.parse(["--pages", "board,list"]).pages == ("list", "board")
    assert options.parse([]).pages == tuple(one.name for one in MAIN_PAGES)
    with pytest.raises(SystemExit):
        options.parse(["--pages", "bored"])
    assert "there is no page 'bored'" in capsys.readouterr().err
