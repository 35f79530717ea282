"""Texts: every language has the same keys and values, and a word for every value that the service answers with."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel

from features.config import segmentation
from serving import schemas
from serving.auth.scopes import KeyScope
from serving.web.language import Language
from serving.web.texts import FOLDER, UnknownText, catalogue, find_text, text
from training.experiments import result_schema
from training.experiments.record import experiment, started_experiment
from training.inference.answers import churn
from training.segments.columns import PRESET_SEGMENT_COLUMNS
from training.segments.rfm import RFM_SEGMENTS

ENGLISH, CHINESE = Language
# What only requests and configurations say, or the name of a column: the page shows none of it.
_REQUESTS = ("Request", "Query")
_OTHER_FIELDS = {"unit", "every", "kind", "by", "column"}
_NAMES = re.compile(r"\{(\w+)\}")


def literals(annotation: Any) -> Iterator[tuple[str, ...]]:  # noqa: ANN401 - an annotation may be anything
    """Yield the values of each Literal of text in an annotation."""
    if get_origin(annotation) is Literal:
        yield tuple(value for value in get_args(annotation) if isinstance(value, str))
    else:
        for part in get_args(annotation):
            yield from literals(part)


def answered_values() -> dict[str, tuple[str, ...]]:
    """The values of every enumerated field of the answers, by model and field."""
    modules = [import_module(module.name) for module in iter_modules(schemas.__path__, f"{schemas.__name__}.")]
    modules += [result_schema, experiment, started_experiment, churn, segmentation]
    models = {
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, BaseModel) and value.__module__ == module.__name__
    }
    return {
        f"{model.__name__}.{name}": values
        for model in models
        if not model.__name__.endswith(_REQUESTS)
        for name, field in model.model_fields.items()
        if name not in _OTHER_FIELDS
        for values in literals(field.annotation)
    }


NAMED = {
    "rfm": tuple(RFM_SEGMENTS),
    "preset_segment": tuple(column.name.removeprefix("preset_segment_") for column in PRESET_SEGMENT_COLUMNS),
    "scope": tuple(KeyScope),
    "value_tier": (*segmentation.ValueTiers().shares, segmentation.ValueTiers().rest),
}


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize(("field", "values"), sorted(answered_values().items()))
def test_every_value_of_the_answers_has_a_word(language: Language, field: str, values: tuple[str, ...]) -> None:
    kinds = {key.split(".")[1] for key in catalogue(language) if key.startswith("words.")}
    missing = {
        kind: [value for value in values if not find_text(language, "words", f"{kind}.{value}")] for kind in kinds
    }
    assert any(not lacking for lacking in missing.values()), f"no kind of words has all of {values} of {field}"


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize(("kind", "values"), NAMED.items())
def test_every_value_that_is_named_has_a_word(language: Language, kind: str, values: tuple[str, ...]) -> None:
    assert all(find_text(language, "words", f"{kind}.{value}") for value in values)


def test_languages_have_the_same_sections_and_keys() -> None:
    assert {path.name for path in (FOLDER / "en").iterdir()} == {path.name for path in (FOLDER / "zh").iterdir()}
    assert set(catalogue(ENGLISH)) == set(catalogue(CHINESE))


def test_a_text_has_the_same_values_in_every_language() -> None:
    def names(language: Language, key: str) -> set[str]:
        entry = catalogue(language)[key]
        forms = [entry] if isinstance(entry, str) else list(entry.values())
        return {name for form in forms for name in _NAMES.findall(form)}

    assert {key for key in catalogue(ENGLISH) if names(ENGLISH, key) != names(CHINESE, key)} == set()


@pytest.mark.parametrize("key", sorted(catalogue(CHINESE)))
def test_a_chinese_text_is_chinese(key: str) -> None:
    entry = catalogue(CHINESE)[key]
    assert re.search(r"[\u4e00-\u9fff]", str(entry)) or key == "frame.language_name.en"


@pytest.mark.parametrize(
    ("language", "n", "expected"),
    [(ENGLISH, 1, "Trying again in a second."), (ENGLISH, 1200, "Trying again in 1,200 seconds."),
     (CHINESE, 1, "1 秒后自动重试。")],
)  # fmt: skip
def test_a_number_chooses_its_form(language: Language, n: int, expected: str) -> None:
    assert text(language, "frame", "error.again", n=n) == expected


def test_a_missing_text_is_named_with_its_place() -> None:
    expected = r"Found no text 'nothing' of the section 'today' in texts/en; expected it in today.toml, frame.toml or"
    with pytest.raises(UnknownText, match=expected):
        text(ENGLISH, "today", "nothing")
