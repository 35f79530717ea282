"""JSON files: objects in lines or in arrays become text columns, digit for digit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from features.errors import InvalidLog
from features.ingestion.rejected_lines import RejectedLine
from tests.features.ingestion.files.reading import HEADER, read_source

OBJECTS = [
    {"customer": "0017", "at": "2026-01-31", "amount": 9.5},
    {"customer": "bob", "at": "2026-02-01", "amount": 3},
]
ROWS = [("0017", "2026-01-31", "9.5"), ("bob", "2026-02-01", "3")]


@pytest.mark.parametrize(
    "text",
    [
        "".join(json.dumps(each) + "\n" for each in OBJECTS),
        "\ufeff\n" + "\r\n\r\n".join(map(json.dumps, OBJECTS)),
        json.dumps(OBJECTS),
        json.dumps(OBJECTS, indent=2),
        "[\n" + ",\n".join(map(json.dumps, OBJECTS)) + "\n]\n",
        "\n".join(json.dumps(each, indent=1) for each in OBJECTS),
        json.dumps({"count": 2, "orders": OBJECTS, "links": []}),
    ],
    ids=["lines", "mark and blank lines", "array", "indented array", "array of lines", "indented objects", "answer"],
)
@pytest.mark.parametrize("codec", ["utf-8", "utf-16"])
@pytest.mark.parametrize("name", ["orders.jsonl", "orders.csv"])
def test_objects_are_rows(tmp_path: Path, text: str, codec: str, name: str) -> None:
    (tmp_path / name).write_bytes(text.encode(codec))
    source = read_source(tmp_path, name)
    assert (source.columns, source.rows) == (HEADER, ROWS)


def test_numbers_keep_their_digits(tmp_path: Path) -> None:
    numbers = ["1.10", "12345678901234567890123", "1E5", "-0.0", "100"]
    (tmp_path / "orders.jsonl").write_text("".join(f'{{"customer": {number}}}\n' for number in numbers))
    assert [row[0] for row in read_source(tmp_path, "orders.jsonl").rows] == numbers


def test_nested_values_have_names_with_dots(tmp_path: Path) -> None:
    order = {
        "customer": {"id": 7, "address": {"city": "Köln"}},
        "at": None,
        "paid": True,
        "tags": ["a", "ü"],
        "note": "",
    }
    (tmp_path / "orders.jsonl").write_text(json.dumps(order))
    source = read_source(tmp_path, "orders.jsonl")
    row = dict(zip(source.columns, source.rows[0], strict=True))
    assert row == {
        "customer.id": "7", "customer.address.city": "Köln", "at": None, "paid": "true", "tags": '["a", "ü"]',
        "note": None,
    }  # fmt: skip


def test_objects_may_have_different_names(tmp_path: Path) -> None:
    (tmp_path / "orders.jsonl").write_text('{"customer": "ann"}\n{"amount": 5, "customer": "bob"}\n')
    source = read_source(tmp_path, "orders.jsonl")
    assert (source.columns, source.rows) == (("customer", "amount"), [("ann", None), ("bob", "5")])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"customer": "cy"', "it is no JSON: Expecting ',' delimiter: line 1 column 18 (char 17)"),
        ("[1, 2]", "found a list, expected an object"),
        ("cy,2026-02-02,1", "it is no JSON: Expecting value: line 1 column 1 (char 0)"),
    ],
)
def test_a_line_that_is_no_object_is_named_or_set_aside(tmp_path: Path, line: str, reason: str) -> None:
    first, second = map(json.dumps, OBJECTS)
    (tmp_path / "orders.jsonl").write_text(f"{first}\n{line}\n{second}\n")
    with pytest.raises(InvalidLog, match=r"^orders.jsonl, line 2: .*Expected one JSON object a line"):
        read_source(tmp_path, "orders.jsonl")
    source = read_source(tmp_path, "orders.jsonl", sets_bad_lines_aside=True)
    assert source.rows == ROWS
    assert source.rejected == (RejectedLine("orders.jsonl", 2, reason, line),)


def test_an_array_that_ends_early_is_refused(tmp_path: Path) -> None:
    (tmp_path / "orders.json").write_text(json.dumps(OBJECTS, indent=1)[:-20])
    with pytest.raises(InvalidLog, match=r"^orders.json, line 7: it is no JSON: .*, in '{\\n"):
        read_source(tmp_path, "orders.json")


def test_an_array_without_objects_is_refused(tmp_path: Path) -> None:
    (tmp_path / "orders.jsonl").write_text("{}\n")
    with pytest.raises(InvalidLog, match=r"^orders.jsonl has no JSON object. Expected one object a line"):
        read_source(tmp_path, "orders.jsonl")
