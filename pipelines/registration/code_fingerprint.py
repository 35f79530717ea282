"""Code fingerprint: a digest of packages' syntax trees, equal where only comments, docstrings or layout differ."""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from pathlib import Path
from types import ModuleType


def code_fingerprint(*packages: ModuleType) -> str:
    """SHA-256 in hex over the syntax trees of every module of the packages, their sub-packages included.

    It may differ between versions of Python, whose syntax trees differ.
    """
    folders = [Path(package.__path__[0]) for package in packages]
    return hashlib.sha256("".join(folder_fingerprint(folder) for folder in folders).encode()).hexdigest()


@cache
def folder_fingerprint(folder: Path) -> str:
    """SHA-256 in hex over the syntax trees of a folder's modules; computed once per process."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(f"{path.relative_to(folder).as_posix()}\n{_tree(path.read_bytes())}\n".encode())
    return digest.hexdigest()


def _tree(source: bytes) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and _has_docstring(
            node
        ):
            node.body = node.body[1:]
    return ast.dump(tree)


def _has_docstring(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return ast.get_docstring(node, clean=False) is not None
