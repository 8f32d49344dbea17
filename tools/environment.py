"""Environments of their own for the tools that must not share ours: build/tools/NAME.

    python tools/environment.py schemathesis openapi-client

Each holds exactly what requirements/NAME.lock pins, checked by hash, and is made anew only when
that file changes. Only the standard library.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / "build" / "tools"


class ToolError(Exception):
    """What went wrong, in a sentence."""


def main() -> int:
    """Make the environments that are named; answers the exit code."""
    try:
        for name in sys.argv[1:]:
            made(name)
    except (ToolError, OSError) as error:
        print(f"environment: {error}", file=sys.stderr)
        return 1
    return 0


def made(name: str) -> Path:
    """The folder of the environment's programs; made first where it is missing or old."""
    lock = ROOT / "requirements" / f"{name}.lock"
    wanted = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()
    folder = TOOLS / name
    TOOLS.mkdir(parents=True, exist_ok=True)
    # Tests run in several processes, and each may come here first.
    with (TOOLS / f"{name}.lock").open("a") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        stamp = folder / "made-from"
        if not stamp.is_file() or stamp.read_text() != wanted:
            print(f"Installing the packages of requirements/{name}.lock ...", file=sys.stderr)
            shutil.rmtree(folder, ignore_errors=True)
            _run(sys.executable, "-m", "venv", str(folder))
            _install(folder, lock)
            stamp.write_text(wanted)
    return folder / "bin"


def _install(folder: Path, lock: Path) -> None:
    """By uv, which is several times as fast; by pip where uv is missing or does not work."""
    python = str(folder / "bin" / "python")
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if uv:
        sync = [uv, "pip", "sync", "--quiet", "--system-certs", "--require-hashes"]
        if subprocess.run([*sync, "--python", python, str(lock)], check=False).returncode == 0:
            return
    pip = ["-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--require-hashes"]
    _run(python, *pip, "-r", str(lock))


def _run(*command: str) -> None:
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        raise ToolError(f"{' '.join(command[:4])} … failed:\n{done.stdout.strip()}")


if __name__ == "__main__":
    sys.exit(main())
