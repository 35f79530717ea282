"""The code fingerprint changes with what the code does, and with nothing else."""

from pathlib import Path
from types import ModuleType

import pytest

from pipelines.registration.code_fingerprint import code_fingerprint, folder_fingerprint

MODULE = '"""Twice."""\n\n\ndef twice(x: int) -> int:\n    """Double."""\n    return 2 * x\n'


def package(folder: Path, source: str, name: str = "inner/module.py") -> ModuleType:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(source)
    module = ModuleType("package")
    module.__path__ = [str(folder)]
    return module


def fingerprint(folder: Path, source: str, name: str = "inner/module.py") -> str:
    folder_fingerprint.cache_clear()
    return code_fingerprint(package(folder, source, name))


@pytest.mark.parametrize(
    ("source", "same"),
    [
        (MODULE, True),
        (MODULE.replace("Double", "Twice as much"), True),
        (MODULE.replace('    """Double."""\n', ""), True),
        (f"# a comment\n{MODULE}", True),
        (MODULE.replace("2 * x", "(2\n        * x)"), True),
        (MODULE.replace("2 * x", "3 * x"), False),
        (MODULE.replace("twice", "double"), False),
        (MODULE.replace("2 * x", '"""Double."""'), False),
    ],
)
def test_only_the_syntax_tree_counts(tmp_path: Path, source: str, *, same: bool) -> None:
    assert (fingerprint(tmp_path / "a", source) == fingerprint(tmp_path / "b", MODULE)) is same


def test_a_module_of_a_sub_package_counts(tmp_path: Path) -> None:
    before = fingerprint(tmp_path, MODULE)
    assert fingerprint(tmp_path, "LIMIT = 3\n", "inner/deeper/limits.py") != before


def test_every_package_counts(tmp_path: Path) -> None:
    one, other = package(tmp_path / "a", MODULE), package(tmp_path / "b", "LIMIT = 3\n")
    assert len({code_fingerprint(one), code_fingerprint(other), code_fingerprint(one, other)}) == 3
