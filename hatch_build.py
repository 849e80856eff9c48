"""Builds the page's bundle from js/ into kerasviz/widgets/static when a distribution is made."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUNDLE = ("widget.js", "widget.css")
NO_NPM = (
    "kerasviz: npm was not found, and the studio's page is built with it. Install Node.js 20.19 or newer, "
    "or install kerasviz from a wheel, which carries the built page."
)


class BundleHook(BuildHookInterface):
    """Builds for a wheel or an sdist; an editable install only tells what is missing."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Leave `widget.js` and `widget.css` in place, or say what stands in the way."""
        root = Path(self.root)
        static = root / "kerasviz" / "widgets" / "static"
        from_sdist = (root / "PKG-INFO").is_file() and not missing(static)
        if from_sdist:
            return
        if version == "editable":
            if missing(static):
                self.app.display_warning("kerasviz: the studio's page is not built yet; `./dev build` builds it.")
            return
        build(root / "js")
        if missing(static):
            raise RuntimeError(f"kerasviz: the page's build ended without {', '.join(missing(static))} in {static}.")


def missing(static: Path) -> list[str]:
    """The files of the bundle that are not there."""
    return [name for name in BUNDLE if not (static / name).is_file()]


def build(js: Path) -> None:
    """Install what package-lock.json names, and build."""
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeError(NO_NPM)
    environment = {**os.environ, "CI": "true"}  # no colours, no questions
    if not (js / "node_modules").is_dir():
        subprocess.run([npm, "ci", "--ignore-scripts"], cwd=js, env=environment, check=True)
    subprocess.run([npm, "run", "build"], cwd=js, env=environment, check=True)
