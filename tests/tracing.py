"""Which tests count for coverage: tracing takes half of a test's time again.

Tests marked `untraced` reach what others reach too, only more often or from further away. Neither
they nor their fixtures are traced, so that the figure is a lower bound.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest


class Tracing:
    """Holds pytest-cov's tracing while untraced tests run."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._held = False
        # pytest-cov begins in a worker as it does in the process that starts the workers, and
        # again as a worker's: each would trace every line.
        if hasattr(config, "workerinput") and (first := self._controller()):
            first.pause()

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_setupnodes(self) -> None:
        """Let pytest-cov alone measure the workers, which coverage takes for subprocesses too."""
        os.environ.pop("COVERAGE_PROCESS_CONFIG", None)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Stop or start tracing where a test wants it otherwise than the one before."""
        if item.get_closest_marker("untraced"):
            self._hold()
        else:
            self._go_on()
        return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Let pytest-cov find its tracing as it began it."""
        self._go_on()

    def _hold(self) -> None:
        if not self._held and (controller := self._controller()):
            controller.pause()
            self._held = True
            assert sys.gettrace() is None, "untraced tests are traced: something measures twice"

    def _go_on(self) -> None:
        if self._held:
            self._controller().resume()
            self._held = False

    def _controller(self) -> Any:
        """What measures coverage here; None where nothing does."""
        return getattr(self._config.pluginmanager.getplugin("_cov"), "cov_controller", None)
