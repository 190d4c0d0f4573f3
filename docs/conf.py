"""The documentation site: `sphinx-build -W docs build/docs` makes it, without a network."""

from __future__ import annotations

import sys
from importlib.metadata import version as version_of
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

project = "datalake"
author = "The datalake authors"
copyright = author
release = version = version_of("crypto-datalake")

extensions = ["myst_parser", "sphinx.ext.autodoc", "_reference"]
nitpicky = True
nitpick_ignore_regex = [("py:.*", ".*")]  # types of other libraries, whose sites are not asked

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4

# docstrings are plain text with code in single backquotes
default_role = "literal"
smartquotes = False  # `--flag` is no dash
autodoc_member_order = "bysource"
python_use_unqualified_type_names = True
maximum_signature_line_length = 88

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_title = f"datalake {release}"
html_copy_source = False
html_show_sphinx = False
