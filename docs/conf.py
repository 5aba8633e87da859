"""How Sphinx builds the documentation; every warning is an error (``nox -s docs``)."""

from __future__ import annotations

from typing import Final

import asgiref

project: Final = "asgiref"
copyright: Final = "the contributors"  # noqa: A001 - the name that Sphinx reads
release: Final = asgiref.__version__
version: Final = release.rpartition(".dev")[0] or release

extensions: Final = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinxcontrib.mermaid",
]
html_theme: Final = "furo"
exclude_patterns: Final = ["_build"]

#: Docstrings name other objects in single backticks; those that are public become links.
default_role: Final = "py:obj"

autodoc_typehints: Final = "description"
autodoc_typehints_description_target: Final = "documented"
autodoc_member_order: Final = "bysource"
autodoc_preserve_defaults: Final = True
napoleon_numpy_docstring: Final = False

#: Headings can be linked to as files do on a forge: page.md#heading.
myst_heading_anchors: Final = 3
#: State diagrams are fences that a forge draws as well.
myst_fence_as_directive: Final = ["mermaid"]
