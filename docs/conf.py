"""Sphinx configuration: Markdown pages, the furo theme, and reference pages generated from the code."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # the generators import the packages that they describe

project = "Flywheel"
author = "The Flywheel authors"
release = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

extensions = ["myst_parser", "docs._ext.reference"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_ext"]
nitpicky = True

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = f"Flywheel {release}"
html_show_copyright = False
html_copy_source = False
