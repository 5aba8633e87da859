"""Every type says where it comes from, every key what it means: editors show it on hover."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from typing import NamedTuple

import pytest

MODULES = ("scopes", "http", "websocket", "lifespan")


class Key(NamedTuple):
    """One annotated key of a class, as the source has it."""

    name: str
    annotation: str
    doc: str


def classes(module: str) -> dict[str, tuple[str, list[Key]]]:
    """Read the published classes of a module: their docstring and their keys."""
    tree = ast.parse(inspect.getsource(importlib.import_module(f"asgiref._protocol.{module}")))
    found: dict[str, tuple[str, list[Key]]] = {}
    for node in tree.body:
        if not isinstance(node, ast.ClassDef):
            continue
        keys: list[Key] = []
        for statement, below in zip(node.body, [*node.body[1:], ast.Pass()], strict=True):
            if isinstance(statement, ast.AnnAssign):
                doc = below.value if isinstance(below, ast.Expr) else None
                text = doc.value if isinstance(doc, ast.Constant) else ""
                keys.append(
                    Key(ast.unparse(statement.target), ast.unparse(statement.annotation), str(text))
                )
        found[node.name] = (ast.get_docstring(node) or "", keys)
    return found


CLASSES = {name: read for module in MODULES for name, read in classes(module).items()}
KEYS = [(name, key) for name, (_, keys) in CLASSES.items() for key in keys if key.name != "type"]


@pytest.mark.parametrize(("name", "key"), KEYS, ids=lambda part: getattr(part, "name", part))
def test_every_key_is_documented_with_its_default(name: str, key: Key) -> None:
    """A key says what it means, and an optional one what its absence means."""
    assert key.doc.endswith((".", ".\n    ")), f"{name}.{key.name} has no docstring"
    if key.annotation.startswith("NotRequired"):
        assert re.search(r"Default|Absent", key.doc), f"{name}.{key.name} does not say its default"


@pytest.mark.parametrize("name", [name for name in CLASSES if not name.startswith("_")])
def test_every_type_names_its_section(name: str) -> None:
    """A type's docstring names the section of the specification, or the extension it belongs to."""
    doc, _ = CLASSES[name]
    if name != "FileWithDescriptor":
        assert re.search(r'"[A-Z]\w+|extension ``[\w.]+``|extension \d', doc), name
