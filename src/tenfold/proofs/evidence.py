"""What proofs found, dated and kept under the home: `evidence/<proof>/<moment>.json`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import msgspec

from tenfold import __version__
from tenfold.kernel.errors import BadRequest
from tenfold.proofs.findings import Findings, Verdict

FOLDER = "evidence"


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a proof."""

    proof: str
    verdict: Verdict
    began: datetime
    seconds: float
    version: str = __version__
    about: Mapping[str, str]
    """What it was run against."""
    tried: Mapping[str, int]
    open: list[str]
    untried: list[str]
    left_out: list[str]
    heads: Mapping[str, str] = {}
    """Where chains ended, for a later run to compare with."""


def of(
    proof: str,
    findings: Findings,
    began: datetime,
    seconds: float,
    about: Mapping[str, str],
    heads: Mapping[str, str] | None = None,
) -> Evidence:
    """What a proof found, as evidence."""
    return Evidence(
        proof=proof,
        verdict=findings.verdict,
        began=began,
        seconds=round(seconds, 1),
        about=about,
        tried=dict(findings.tried),
        open=findings.open,
        untried=findings.untried,
        left_out=findings.left_out,
        heads=heads or {},
    )


def keep(home: Path, evidence: Evidence) -> Path:
    """Write it down, whole or not at all, for the installation's operator alone."""
    folder = home / FOLDER / evidence.proof
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{evidence.began:%Y%m%dT%H%M%S%fZ}.json"
    body = msgspec.json.format(msgspec.json.encode(evidence), indent=2) + b"\n"
    half = path.with_suffix(".part")
    with os.fdopen(os.open(half, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    half.rename(path)
    return path


def latest(home: Path, proof: str) -> Path | None:
    """The newest evidence of a proof that held; None where there is none."""
    for path in sorted((home / FOLDER / proof).glob("*.json"), reverse=True):
        if read(path).verdict == "holds":
            return path
    return None


def read(path: Path) -> Evidence:
    """Evidence that was kept; raises BadRequest where the file is none."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Evidence)
    except msgspec.MsgspecError as error:
        raise BadRequest(f"{path} is no evidence of a proof: {error}.") from None
