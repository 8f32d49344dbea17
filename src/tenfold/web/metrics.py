"""Figures for Prometheus: requests, pool, caches, queue and log lag."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any, cast

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5)


def named(scope: object, route: str) -> None:
    """Say under which name a request is counted and logged; never its address, which has ids."""
    cast("MutableMapping[str, Any]", scope)["tenfold.route"] = route


class Metrics:
    """One process's figures."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.seconds = Histogram(
            "tenfold_request_seconds",
            "How long requests took.",
            ("route", "method", "status"),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.pool = self.gauge("tenfold_pool_connections", "Database connections.", ("state",))
        self.queue = self.gauge("tenfold_jobs", "Jobs by state.", ("state",))
        self.queue_lag = self.gauge("tenfold_jobs_lag_seconds", "Wait of the job waiting longest.")
        self.lag = self.gauge("tenfold_log_lag_seconds", "Age of the oldest unread change.")
        self.ready = self.gauge("tenfold_ready", "Whether the database answers (1) or not (0).")
        self.secrets = self.gauge(
            "tenfold_secrets_age_seconds", "For how long their source was not heard; 0: none."
        )
        self.cache = Counter(
            "tenfold_statement_misses",
            "Statements that had to be built.",
            registry=self.registry,
        )
        self._misses = 0
        self._children: dict[tuple[str, str, int], Histogram] = {}

    def gauge(self, name: str, text: str, labels: tuple[str, ...] = ()) -> Gauge:
        """A gauge of this process."""
        return Gauge(name, text, labels, registry=self.registry)

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one request; methods that nobody knows together, or they would fill the memory."""
        method = method if method in _METHODS else "other"
        key = (route, method, status)
        child = self._children.get(key)
        if child is None:
            child = self._children[key] = self.seconds.labels(route, method, str(status))
        child.observe(seconds)

    def misses(self, so_far: int) -> None:
        """Take over how many statements had to be built since the process began."""
        self.cache.inc(so_far - self._misses)
        self._misses = so_far

    def text(self) -> bytes:
        """All figures in the Prometheus text format."""
        return generate_latest(self.registry)
