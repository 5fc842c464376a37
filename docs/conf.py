"""How Sphinx makes the site out of these pages (`python3 tasks.py docs`); warnings are errors there."""

import riskcore

project = "riskcore"
author = "the riskcore authors"
copyright = "the riskcore authors, MIT licence"  # noqa: A001 - Sphinx's own word
release = version = riskcore.__version__
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
root_doc = "index"
html_theme = "furo"
html_title = f"riskcore {release}"
html_copy_source = False
myst_heading_anchors = 3
# Links to files outside of this folder (the source, the changelog) are no pages. tests/docs looks after every link.
suppress_warnings = ["myst.xref_missing"]
highlight_language = "text"
