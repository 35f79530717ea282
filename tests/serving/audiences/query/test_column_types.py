"""Column types: values are compared by their kind, for every type that stores it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from serving.audiences.errors import InvalidAudienceRequest
from serving.audiences.query.filters import Filter
from serving.audiences.query.scores_table import Columns
from serving.audiences.schema import AudienceRequest
from tests.serving.audiences.tables import ZONE, columns

Row = dict[str, Any]


def matching_ids(shop: Columns, node: dict[str, Any]) -> list[str]:
    mask = Filter(AudienceRequest.model_validate({"filter": node}).filter, shop, ZONE).mask()
    return [name for name, chosen in zip(shop.ids.to_pylist(), mask, strict=True) if chosen]


@pytest.mark.parametrize("kind", [pa.large_string(), pa.dictionary(pa.int8(), pa.string())])
def test_text_is_text_however_the_file_holds_it(tmp_path: Path, kind: pa.DataType) -> None:
    shop = columns(tmp_path, [{"customer_id": "a", "tier": "x"}, {"customer_id": "b", "tier": None}], {"tier": kind})
    assert matching_ids(shop, {"column": "tier", "not_equals": "y"}) == ["a"]


def test_a_column_of_another_kind_is_there_or_not(tmp_path: Path) -> None:
    rows: list[Row] = [{"customer_id": "a", "raw": b"x"}, {"customer_id": "b"}]
    shop = columns(tmp_path, rows, {"raw": pa.binary()})
    assert matching_ids(shop, {"column": "raw", "is_null": True}) == ["b"]
    with pytest.raises(InvalidAudienceRequest, match="1 field") as refusal:
        matching_ids(shop, {"column": "raw", "equals": "x"})
    assert refusal.value.errors[0].reason == "Found equals, but raw is a nested or binary column; expected is_null."


def test_a_narrow_float_is_compared_at_its_full_width(tmp_path: Path) -> None:
    rows = [{"customer_id": "a", "share": float(np.float32(0.1))}]
    shop = columns(tmp_path, rows, {"share": pa.float32()})
    assert matching_ids(shop, {"column": "share", "above": 0.1}) == ["a"]
    assert matching_ids(shop, {"column": "share", "at_most": 1e300}) == ["a"]


def test_exact_amounts_are_numbers(tmp_path: Path) -> None:
    rows = [{"customer_id": "a", "spend": Decimal("1.10")}, {"customer_id": "b", "spend": Decimal("2.25")}]
    shop = columns(tmp_path, rows, {"spend": pa.decimal128(9, 2)})
    assert matching_ids(shop, {"column": "spend", "at_least": 2.25}) == ["b"]
