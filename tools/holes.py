"""Opens each hole of tests/holes, or those named, and demands that its row of the table sees it."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests import attacks


def main() -> int:
    """Open each hole, or those named, and demand that its row sees it."""
    wanted = sys.argv[1:]
    missed: list[str] = []
    for hole in attacks.holes():
        if wanted and hole.path.stem not in wanted:
            continue
        seen, said = attacks.found(hole)
        last = said.strip().rpartition("\n")[2]
        print(f"{'seen  ' if seen else 'MISSED'} {hole.path.stem}: {hole.row} ({last})", flush=True)
        if not seen:
            missed.append(hole.path.stem)
            print(said[-2_000:])
    print(f"Missed: {', '.join(missed)}" if missed else "Every hole is seen by its row.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
