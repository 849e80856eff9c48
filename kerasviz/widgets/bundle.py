"""The page's part: one script and one style sheet, built from `js/`."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

STATIC = Path(__file__).parent / "static"
HOW_TO_BUILD = "The page's part of kerasviz has not been built. Run `npm ci && npm run build` in the folder js/."
NOTICE = """
export default {{
  render({{ el }}) {{
    const notice = document.createElement("p");
    notice.setAttribute("role", "alert");
    notice.textContent = {text};
    el.append(notice);
  }},
}};
"""


def is_built() -> bool:
    """Whether the bundle is there."""
    return (STATIC / "widget.js").is_file()


def script() -> str:
    """The script; where it has not been built, one that says how to."""
    if not is_built():
        return NOTICE.format(text=json.dumps(HOW_TO_BUILD))
    return _text("widget.js", (STATIC / "widget.js").stat().st_mtime_ns)


def styles() -> str:
    """The style sheet."""
    path = STATIC / "widget.css"
    return _text("widget.css", path.stat().st_mtime_ns) if path.is_file() else ""


@lru_cache(maxsize=4)
def _text(name: str, changed: int) -> str:
    return (STATIC / name).read_text(encoding="utf-8")
