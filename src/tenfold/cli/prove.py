"""`tenfold prove`: promises tried on this installation, and what was found kept as evidence."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tenfold.accounts.identity.tokens import Tokens
from tenfold.app import parts
from tenfold.audit import exporting
from tenfold.audit.sealing import stamp_key
from tenfold.audit.verifying import Verified, check_head
from tenfold.cli.installation import Installation, without_password
from tenfold.kernel import clock
from tenfold.kernel.settings import Settings
from tenfold.proofs import evidence
from tenfold.proofs.audit import prove as prove_audit
from tenfold.proofs.evidence import Evidence
from tenfold.proofs.findings import Findings
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
    return _shown(found, evidence.keep(target.home, found), show)


def audit(installation: Installation, against: Path | None, show: Say, say: Say) -> int:
    """Verify the audit chain; answers 0 where it holds, 1 where something was altered."""
    home = installation.settings.folder
    before = against or evidence.latest(home, "audit")
    known: Mapping[str, str] = _heads(before) if before else {}
    began, clocked = clock.now(), time.monotonic()
    findings, verified = asyncio.run(_verified(installation.settings, known, say))
    about = {
        "database": without_password(installation.settings.app_database_url),
        "compared with": str(before or "no earlier run"),
    }
    seconds = time.monotonic() - clocked
    found = evidence.of("audit", findings, began, seconds, about, verified.heads)
    return _shown(found, evidence.keep(home, found), show)


def _heads(path: Path) -> Mapping[str, str]:
    """Where chains ended, by evidence of an earlier run or by an exported audit log."""
    if exporting.is_one(path):
        with path.open("rb") as rows:
            return exporting.heads_of(rows)
    heads = evidence.read(path).heads
    for name, head in heads.items():
        check_head(name, head)
    return heads


async def _verified(
    settings: Settings, known: Mapping[str, str], say: Say
) -> tuple[Findings, Verified]:
    made = parts(settings)
    database = await made.database(seconds=300)
    tail = await made.database("tail_database_url", seconds=300)
    try:
        key = await stamp_key(made.keyring, database)
        return await prove_audit(database, tail, key, known, say)
    finally:
        await tail.close()
        await database.close()


def _shown(found: Evidence, path: Path, show: Say) -> int:
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
