"""`tenfold prove`: promises tried on this installation, and what was found kept as evidence."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from tenfold.accounts.identity.tokens import Tokens
from tenfold.app import parts
from tenfold.cli.installation import Installation, without_password
from tenfold.kernel import clock
from tenfold.proofs import evidence
from tenfold.proofs.evidence import Evidence
from tenfold.proofs.isolation.organisations import Owner
from tenfold.proofs.isolation.running import Target, prove

Say = Callable[[str], None]


def isolation(installation: Installation, address: str, show: Say, say: Say) -> int:
    """Try the wall between organisations; answers 0 where it holds, 1 where it is open."""
    target = _target(installation, address)
    began, clocked = clock.now(), time.monotonic()
    findings = asyncio.run(prove(target, say))
    about = {"address": target.address, "database": without_password(target.app_url)}
    found = evidence.of("isolation", findings, began, time.monotonic() - clocked, about)
    path = evidence.keep(target.home, found)
    for line in told(found):
        show(line)
    show(f"Evidence: {path}")
    return 0 if found.verdict == "holds" else 1


def _target(installation: Installation, address: str) -> Target:
    given, made = installation.settings, parts(installation.settings)
    seed = made.keyring.derive("access tokens")
    return Target(
        address=(address or f"http://{given.host}:{given.port}").rstrip("/"),
        public=address or given.address,
        app_url=given.app_database_url,
        owner=Owner(installation.url(installation.roles.migrate), installation.roles.owner),
        home=given.folder,
        tokens=Tokens(seed, given.access_token_seconds, given.address),
    )


def told(found: Evidence) -> list[str]:
    """What was found, in lines for a terminal."""
    lines = [f"  {number:>6,}  {kind}" for kind, number in sorted(found.tried.items())]
    total = sum(found.tried.values())
    lines.append(f"  {total:>6,}  tried in {found.seconds:g} s")
    lines += [f"Left out: {one}" for one in found.left_out]
    lines += [f"NOT TRIED: {one}" for one in found.untried]
    lines += [f"OPEN: {one}" for one in found.open]
    words = {
        "holds": "It holds.",
        "open": f"It is open in {len(found.open)} places.",
        "unproven": f"Nothing is proven: {len(found.untried)} things could not be tried.",
    }
    return [*lines, words[found.verdict]]
