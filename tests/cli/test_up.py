"""What goes wrong while `tenfold up` starts leaves no database behind; proxies are not asked."""

from __future__ import annotations

import os
import signal
import threading
import urllib.request
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from tests.cli.test_commands import free_port

from tenfold.cli import ready, up
from tenfold.cli.installation import Installation
from tenfold.db.roles import Roles
from tenfold.kernel.settings import Settings


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[], bool]:
    """Starts with a database that is there already; afterwards `closed` is in the home."""
    settings = Settings(home=str(tmp_path), port=free_port())
    installation = Installation(settings, "", Roles.of("tenfold"), {}, None)
    monkeypatch.setattr(up, "open_installation", lambda *_: installation)
    monkeypatch.setattr(up, "migrated", lambda _: True)
    monkeypatch.setattr(Installation, "close", lambda _: (tmp_path / "closed").touch())

    def start() -> bool:
        up.run(settings, demo=False, say=lambda _: None)
        return True

    return start


def test_a_log_that_can_not_be_opened(started: Callable[[], bool], tmp_path: Path) -> None:
    (tmp_path / "log" / "tenfold.log").mkdir(parents=True)
    with pytest.raises(IsADirectoryError):
        started()
    assert (tmp_path / "closed").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_before_it_is_supervised(
    started: Callable[[], bool],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: signal.Signals,
) -> None:
    monkeypatch.setattr(up, "LogFile", lambda _: os.kill(os.getpid(), number))
    before = signal.signal(number, lambda *_: None)
    try:
        with pytest.raises(KeyboardInterrupt):
            started()
    finally:
        signal.signal(number, before)
    assert (tmp_path / "closed").exists()


@pytest.mark.parametrize("public", ["", "https://crm.example.com"])
def test_others_find_no_organisation_whose_password_they_know(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, public: str
) -> None:
    settings = Settings(home=str(tmp_path), port=free_port(), public_url=public)
    installation = Installation(settings, "", Roles.of("tenfold"), {}, None)
    monkeypatch.setattr(up, "open_installation", lambda *_: installation)
    monkeypatch.setattr(up, "migrated", lambda _: True)
    monkeypatch.setattr(up, "make_demo", lambda *_: ["Sign in as"])
    shown: list[str] = []
    monkeypatch.setattr(up, "_served", lambda _, signs, __: shown.extend(signs) or 0)
    said: list[str] = []
    assert up.run(settings, demo=True, say=said.append) == 0
    assert shown == ([] if public else ["Sign in as"])
    assert any("No demo organisation" in line for line in said) == bool(public)


class _Healthy(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_no_proxy_is_asked_whether_the_server_is_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setattr(urllib.request, "_opener", None)  # made of what the environment said before
    with HTTPServer(("127.0.0.1", 0), _Healthy) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            assert ready.state(f"http://127.0.0.1:{server.server_port}") == ready.READY
        finally:
            server.shutdown()
            thread.join()
