"""Settings of Sphinx for the site; `tools/site.py` says what the pages are and builds them."""

import convsight

project = "convsight"
version = release = convsight.__version__
language = "en"

extensions = ["myst_parser", "sphinx.ext.autodoc"]
root_doc = "docs/index"
# The docstrings and pages are written for a forge: names in single backticks, anchors as headings have there.
default_role = "literal"
myst_heading_anchors = 4

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True, "inherited-members": False, "exclude-members": "model_config"}
maximum_signature_line_length = 80
python_use_unqualified_type_names = True

html_theme = "furo"
html_title = "convsight"
html_copy_source = False
html_show_search_summary = False  # it asks for pages, which files may not
html_show_sourcelink = False
html_show_copyright = False
html_show_sphinx = False
html_theme_options = {"navigation_with_keys": True}
