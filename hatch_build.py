"""Builds the dashboard's page with npm, so that the wheel and every installation have it.

Where npm is missing or fails, the installation goes on without: all but the page works, and
`datalake dashboard` says what is missing. A page that was built before is kept.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

#: The dependencies as the lockfile pins them; no registry is asked again and again where none is.
INSTALL = (
    "ci",
    "--include=dev",
    "--no-audit",
    "--no-fund",
    "--fetch-retries=1",
    "--fetch-timeout=60000",
)
BUILD = ("run", "--silent", "build")
LONGEST = 300  # seconds


class PageHook(BuildHookInterface):  # type: ignore[type-arg,misc]
    """Runs before a wheel, an editable one too, or a source archive is put together."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the page from `web/`, or say in one sentence why there is none."""
        root = Path(self.root)
        built = root / "core/datalake/dashboard/page/index.html"
        if (root / "PKG-INFO").is_file() and built.is_file():
            return  # a source archive brings the page with it
        trouble = build(root / "web")
        if trouble and not built.is_file():
            self.app.display_warning(f"The dashboard's page is left out: {trouble}.")


def build(web: Path) -> str | None:
    """Build the page; what stood in the way, if anything did."""
    npm = shutil.which("npm")
    if npm is None:
        return "npm is not installed"
    for arguments in (BUILD,) if installed(web) else (INSTALL, BUILD):
        try:
            subprocess.run(
                [npm, *arguments], cwd=web, check=True, capture_output=True, timeout=LONGEST
            )
        except subprocess.CalledProcessError as error:
            said = error.stderr.decode(errors="replace").strip().splitlines()
            return f"`npm {arguments[0]}` failed ({said[0] if said else error.returncode})"
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"`npm {arguments[0]}` did not end: {error}"
    return None


def installed(web: Path) -> bool:
    """Whether the dependencies are there already: npm leaves a lockfile of what it installed."""
    there, wanted = web / "node_modules/.package-lock.json", web / "package-lock.json"
    return there.is_file() and there.stat().st_mtime >= wanted.stat().st_mtime
