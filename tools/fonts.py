"""Makes the fonts that pages load first from those that npm brought: few weights, few letters.

    python tools/fonts.py        after `make install`, when Inter or what is kept of it changes

Inter as npm has it weighs 49 kB, and 86 more as soon as one name has a letter like Ł; a page may
weigh 150 in all. What is made is in git, because making it needs fontTools, which installing and
building do without. Rarer letters still come from npm's file (css/tokens.css says which).
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NPM = ROOT / "build" / "npm" / "node_modules" / "@fontsource-variable" / "inter" / "files"
MADE = ROOT / "src" / "tenfold" / "web" / "static" / "fonts"
TOOLS = "fonttools[woff]==4.68.0"
WEIGHTS = "wght=400:700"
FEATURES = "kern,mark,mkmk,ccmp,locl,tnum,calt"
# By the file that is made: which of npm's, and the letters that are kept of it.
FONTS = {
    "inter-latin": ("latin", "*"),
    # Names of Europe's languages and signs of money.
    "inter-europe": ("latin-ext", "U+0100-017F,U+0218-021B,U+1E9E,U+20A9-20AB,U+20B9-20BA,U+20BD"),
    "inter-vietnam": (
        "vietnamese",
        "U+01A0-01A1,U+01AF-01B0,U+0300-0301,U+0303,U+0309,U+0323,U+1EA0-1EF9",
    ),
}


def main() -> int:
    """Make them all."""
    with tempfile.TemporaryDirectory() as folder:
        light = str(Path(folder) / "light.ttf")
        for name, (source, letters) in FONTS.items():
            whole, made = NPM / f"inter-{source}-wght-normal.woff2", MADE / f"{name}.woff2"
            _run("fonttools", "varLib.instancer", str(whole), WEIGHTS, "-o", light)
            kept = (f"--unicodes={letters}", f"--layout-features={FEATURES}")
            _run("pyftsubset", light, *kept, "--flavor=woff2", f"--output-file={made}")
            print(f"{made.name}: {made.stat().st_size:,} bytes")
    return 0


def _run(*command: str) -> None:
    subprocess.run(["uv", "tool", "run", "--from", TOOLS, *command], check=True)


if __name__ == "__main__":
    sys.exit(main())
