"""Export formats: every format returns the same members with unchanged values."""

from __future__ import annotations

import csv as python_csv
import io
import json
import math
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.audiences.formats import FORMATS, csv, ndjson, parquet

SCHEMA = pa.schema(
    {
        "customer_id": pa.string(),
        "holdout": pa.bool_(),
        "ltv": pa.float64(),
        "orders": pa.int64(),
        "remind_on": pa.date32(),
        "last_order_at": pa.timestamp("us", tz="UTC"),
        "segments": pa.list_(pa.string()),
    }
)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "customer_id": TEXT.filter(bool),
            "holdout": st.booleans(),
            "ltv": st.none() | st.floats(allow_nan=False, allow_infinity=False),
            "orders": st.none() | st.integers(-(2**63), 2**63 - 1),
            "remind_on": st.none() | st.dates(date(1970, 1, 1), date(2200, 1, 1)),
            "last_order_at": st.none()
            | st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1)).map(lambda day: day.replace(tzinfo=UTC)),  # noqa: DTZ001
            "segments": st.none() | st.lists(TEXT, max_size=3),
        }
    ),
    max_size=6,
)


def tables(rows: list[dict[str, Any]]) -> list[pa.Table]:
    """The rows in tables of two, at least one table."""
    return [pa.Table.from_pylist(rows[start : start + 2], SCHEMA) for start in range(0, max(len(rows), 1), 2)]


@settings(max_examples=60)
@given(rows=ROWS)
def test_parquet_comes_back_as_it_was(rows: list[dict[str, Any]]) -> None:
    table = pq.read_table(io.BytesIO(b"".join(parquet(tables(rows)))))
    assert table.to_pylist() == rows
    assert table.schema == SCHEMA


@settings(max_examples=60)
@given(rows=ROWS)
def test_ndjson_comes_back_as_it_was(rows: list[dict[str, Any]]) -> None:
    written = b"".join(ndjson(tables(rows)))
    lines = [json.loads(line) for line in written.split(b"\n") if line]
    dates = [
        (row, instant(row["last_order_at"]), row["remind_on"] and date.fromisoformat(row["remind_on"])) for row in lines
    ]
    assert [
        {**row, "last_order_at": last_order_at, "remind_on": remind_on} for row, last_order_at, remind_on in dates
    ] == rows


@settings(max_examples=60)
@given(rows=ROWS)
def test_csv_with_its_formulas_comes_back_as_it_was(rows: list[dict[str, Any]]) -> None:
    written = b"".join(csv(tables(rows), "keep"))
    lines = list(python_csv.DictReader(io.StringIO(written.decode(), newline="")))
    assert [from_cells(line) for line in lines] == rows


def instant(text: str | None) -> datetime | None:
    return None if not text else datetime.fromisoformat(text)


def from_cells(line: dict[str, str]) -> dict[str, Any]:
    return {
        "customer_id": line["customer_id"],
        "holdout": {"true": True, "false": False}[line["holdout"]],
        "ltv": float(line["ltv"]) if line["ltv"] else None,
        "orders": int(line["orders"]) if line["orders"] else None,
        "remind_on": date.fromisoformat(line["remind_on"]) if line["remind_on"] else None,
        "last_order_at": instant(line["last_order_at"]),
        "segments": json.loads(line["segments"]) if line["segments"] else None,
    }


ONE = [
    {"customer_id": '00"7,\n', "holdout": True, "ltv": 0.1, "orders": None, "remind_on": date(2026, 1, 2),
     "last_order_at": datetime(2026, 1, 1, 23, 5, tzinfo=UTC), "segments": ["a,b", 'say "hi"']},
    {"customer_id": "=1+1", "holdout": False, "ltv": None, "orders": 3, "remind_on": None,
     "last_order_at": datetime(2026, 1, 1, 0, 0, 0, 5, tzinfo=UTC), "segments": None},
]  # fmt: skip


def test_csv_as_it_is_written() -> None:
    assert b"".join(csv(tables(ONE))).decode() == (
        '"customer_id","holdout","ltv","orders","remind_on","last_order_at","segments"\n'
        '"00""7,\n",true,0.1,,2026-01-02,"2026-01-01T23:05:00Z","[""a,b"",""say \\""hi\\""""]"\n'
        '"\'=1+1",false,,3,,"2026-01-01T00:00:00.000005Z",\n'
    )


FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


@settings(max_examples=60)
@given(texts=st.lists(st.tuples(st.sampled_from([*FORMULA_STARTS, "a", ""]), TEXT)))
def test_no_text_of_a_csv_is_a_formula_of_a_spreadsheet(texts: list[tuple[str, str]]) -> None:
    names = ["".join(parts) for parts in texts]
    written = b"".join(csv([pa.table({"name": pa.array(names, pa.string()), "change": [-1.5] * len(names)})]))
    lines = list(python_csv.DictReader(io.StringIO(written.decode(), newline="")))
    assert [line["name"].removeprefix("'") for line in lines] == [name.removeprefix("'") for name in names]
    assert not [line for line in lines if line["name"].startswith(FORMULA_STARTS)]
    assert {line["change"] for line in lines} <= {"-1.5"}


def test_csv_tells_an_empty_text_from_none() -> None:
    written = b"".join(csv([pa.table({"customer_id": ["a", "b"], "tier": ["", None]})]))
    table = arrow_csv.read_csv(
        io.BytesIO(written),
        convert_options=arrow_csv.ConvertOptions(strings_can_be_null=True, quoted_strings_can_be_null=False),
    )
    assert table["tier"].to_pylist() == ["", None]


def test_ndjson_as_it_is_written() -> None:
    first, second = b"".join(ndjson(tables(ONE))).decode().splitlines()
    assert first == (
        '{"customer_id":"00\\"7,\\n","holdout":true,"ltv":0.1,"orders":null,"remind_on":"2026-01-02",'
        '"last_order_at":"2026-01-01T23:05:00Z","segments":["a,b","say \\"hi\\""]}'
    )
    assert '"last_order_at":"2026-01-01T00:00:00.000005Z"' in second


def test_what_is_no_number_is_null() -> None:
    assert b"".join(ndjson([pa.table({"ltv": [math.nan]})])) == b'{"ltv":null}\n'


def test_nothing_waits_for_the_last_table() -> None:
    produced = []

    def produce_tables() -> Any:  # noqa: ANN401 - a generator
        for table in tables(ONE * 3):
            produced.append(table)
            yield table

    for write in FORMATS.values():
        produced.clear()
        next(iter(write(produce_tables())))
        assert len(produced) <= 2


def test_of_nobody_the_columns_are_said() -> None:
    assert b"".join(csv(tables([]))).startswith(b'"customer_id","holdout"')
    assert b"".join(ndjson(tables([]))) == b""
    assert pq.read_table(io.BytesIO(b"".join(parquet(tables([]))))).schema == SCHEMA
