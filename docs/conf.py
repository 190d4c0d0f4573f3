"""The documentation site: `sphinx-build -W docs build/docs` makes it, without a network."""

from __future__ import annotations

from importlib.metadata import version as version_of

project = "datalake"
author = "The datalake authors"
copyright = author
release = version = version_of("crypto-datalake")

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
nitpicky = True

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4

html_theme = "furo"
html_title = f"datalake {release}"
html_copy_source = False
html_show_sphinx = False
