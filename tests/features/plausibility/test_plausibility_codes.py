"""Plausibility codes: the registry has every code that the source can make, with the severities it gives them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from features import plausibility_codes
from features.config.shop import ShopConfig
from features.plausibility_codes import CODES
from features.plausibility_note import SEVERITIES, PlausibilityNote

ROOT = Path(__file__).parents[3]
FIELDS = tuple(PlausibilityNote.__dataclass_fields__)
CONFIG = {
    "name": "shop", "currency": "EUR", "timezone": "UTC", "folder of flywheel.toml": Path(),
    "orders": {"path": "orders.csv", "customer_id": "customer", "ordered_at": "at"},
}  # fmt: skip


def codes_in_source() -> Iterator[tuple[str, str, str]]:
    """File, code and severity of each code in the source; the severity is empty where it is computed."""
    for path in (ROOT / "features").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if "PlausibilityNote" in text:
            for node in ast.walk(ast.parse(text)):
                for code, severity in codes_of(node):
                    yield path.name, code, severity


def codes_of(node: ast.AST) -> Iterator[tuple[str, str]]:
    """The code of a note that a node makes, or of a tuple that begins with a code and a severity."""
    if isinstance(node, ast.Call):
        values = dict(zip(FIELDS, node.args, strict=False)) | {word.arg or "": word.value for word in node.keywords}
        is_note = isinstance(node.func, ast.Name) and node.func.id == "PlausibilityNote"
        code, severity = text_of(values.get("code")), text_of(values.get("severity"))
        if code and (is_note or severity in SEVERITIES):
            yield code, severity
    elif isinstance(node, ast.Tuple) and len(node.elts) > 1:
        code, severity = map(text_of, node.elts[:2])
        if code and severity in SEVERITIES and code not in SEVERITIES:
            yield code, severity


def text_of(node: ast.AST | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def test_every_code_in_the_source_is_in_the_registry() -> None:
    codes = list(codes_in_source())
    assert len(codes) >= 15
    assert [(file, code) for file, code, _ in codes if code not in CODES] == []


def test_no_code_in_the_registry_has_left_the_source() -> None:
    sources = [path for path in (ROOT / "features").rglob("*.py") if path.name != "plausibility_codes.py"]
    whole = "".join(path.read_text(encoding="utf-8") for path in sources)
    names = {value: name for name, value in vars(plausibility_codes).items() if isinstance(value, str)}
    assert [code for code in CODES if f'"{code}"' not in whole and names.get(code, "?") not in whole] == []


def test_the_registry_has_the_severities_that_the_source_gives() -> None:
    assert [
        (code, severity)
        for _, code, severity in codes_in_source()
        if severity and severity not in CODES[code].severities
    ] == []


@pytest.mark.parametrize("code", CODES)
def test_a_description_is_a_phrase_without_a_full_stop(code: str) -> None:
    assert CODES[code].meaning[:1].isupper()
    assert not CODES[code].meaning.endswith(".")
    assert set(CODES[code].severities) <= set(SEVERITIES)


def test_the_configuration_accepts_codes_of_the_registry() -> None:
    config = ShopConfig.model_validate({**CONFIG, "accept": ["id_dominant", "log_silent"]})
    assert config.accept == ("id_dominant", "log_silent")


def test_an_unknown_code_is_refused_with_the_codes_that_there_are() -> None:
    with pytest.raises(ValueError, match="found 'id_dominante', perhaps 'id_dominant'; expected codes of plausib"):
        ShopConfig.model_validate({**CONFIG, "accept": ["id_dominante"]})


def test_accepting_a_note_leaves_the_history_as_it_is() -> None:
    accepting = ShopConfig.model_validate({**CONFIG, "accept": ["id_dominant"]})
    assert accepting.fingerprint == ShopConfig.model_validate(CONFIG).fingerprint
