from __future__ import annotations

from pathlib import Path

import pytest

from tests.style.names import check_file, check_source

ROOT = Path(__file__).parents[2]
FOLDERS = ("features", "training", "serving", "pipelines", "benchmarks", "docs", "tests")


@pytest.mark.parametrize("folder", FOLDERS)
def test_names_follow_the_rules(folder: str) -> None:
    problems = [problem for path in sorted((ROOT / folder).rglob("*.py")) for problem in check_file(path, ROOT)]
    if problems:
        pytest.fail(f"{len(problems)} names:\n" + "\n".join(map(str, problems)), pytrace=False)


@pytest.mark.parametrize(
    ("source", "names"),
    [
        pytest.param("def joined(): ...", ["joined"], id="regular participle"),
        pytest.param("def kept(): ...", ["kept"], id="irregular participle"),
        pytest.param("async def _asked(): ...", ["_asked"], id="private coroutine"),
        pytest.param("class Store:\n    @property\n    def held(self): ...", ["held"], id="property"),
        pytest.param("def outer():\n    def told(): ...", ["told"], id="nested function"),
        pytest.param("said = 1", ["said"], id="value"),
        pytest.param("for key, told in pairs: ...", ["told"], id="loop"),
        pytest.param("ids = [held for held in rows]", ["held"], id="comprehension"),
        pytest.param("def read(laid, *, said=None): ...", ["laid", "said"], id="parameters"),
        pytest.param("first = lambda told: told[0]", ["told"], id="parameter of a lambda"),
        pytest.param(
            "class Row:\n    said: str\n    def __init__(self): self._told = 1", ["said", "_told"], id="attributes"
        ),
        pytest.param("if (kept := read()): ...", ["kept"], id="assignment expression"),
        pytest.param("with open(path) as held: ...", ["held"], id="with"),
        pytest.param("try: ...\nexcept OSError as told: ...", ["told"], id="except"),
        pytest.param("import orjson as said", ["said"], id="import"),
        pytest.param("match row:\n    case {'id': told, **said}: ...", ["said", "told"], id="match"),
        pytest.param("class RungReport: ...", ["RungReport"], id="word in a class"),
        pytest.param("CROWD_COLUMNS = ()", ["CROWD_COLUMNS"], id="word in a constant"),
        pytest.param("def write_habits(): ...", ["write_habits"], id="word in a function"),
        pytest.param("row.ladderOfTiers = 1", ["ladderOfTiers"], id="word in an attribute"),
    ],
)
def test_a_bad_name_is_found(source: str, names: list[str]) -> None:
    assert sorted(problem.name for problem in check_source(source, "sample.py")) == sorted(names)


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("def join_rows(): ...", id="verb phrase"),
        pytest.param("def read(): ...\ndef put(): ...\ndef split(): ...", id="verbs that equal their participle"),
        pytest.param("def seed(): ...\ndef shed(): ...\ndef need(): ...", id="words in -ed that are no participle"),
        pytest.param("def erased_until(): ...\ndef pages_held(): ...", id="participle with what it is about"),
        pytest.param("stored = joined = 1", id="participle as a value"),
        pytest.param("print(other.said, held)", id="uses of names introduced elsewhere"),
        pytest.param("wrung = crowding = habitat = 1", id="other words that contain a retired one"),
        pytest.param("text = 'said rung' # told habits", id="text and comments"),
    ],
)
def test_a_good_name_is_left_alone(source: str) -> None:
    assert check_source(source, "sample.py") == []


def test_the_path_of_a_module_follows_the_rules_too() -> None:
    (problem,) = check_source("", "training/habits/prior.py")
    assert str(problem).startswith("training/habits/prior.py:1: habits: ")


def test_a_problem_names_file_line_and_name() -> None:
    (problem,) = check_source("x = 1\n\n\ndef told(): ...\n", "serving/app.py")
    assert str(problem).startswith("serving/app.py:4: told: ")
