"""Makes the pages' files before a wheel or an sdist is built, so that both stand alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class AssetsHook(BuildHookInterface[Any]):
    """Runs tools/assets.py when static/vendor is missing or older than its source."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Called by hatchling before a build; an editable install gets its files from `make`."""
        if version == "editable":
            return
        tool = Path(self.root) / "tools" / "assets.py"
        subprocess.run([sys.executable, str(tool)], check=True, cwd=self.root)
