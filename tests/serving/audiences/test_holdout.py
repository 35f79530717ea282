"""Hold-out: a customer's side is the same in every audience, for any other members."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.audiences.holdout import holdout_mask

SECRET = b"a secret of the shop"
MANY = pa.array([f"{number:07d}" for number in range(50_000)])


@pytest.mark.parametrize("share", [0.0, 0.01, 0.1, 0.5])
def test_the_share_is_what_was_asked_for_within_sampling_error(share: float) -> None:
    actual = holdout_mask(MANY, share, "autumn", SECRET).mean()
    assert abs(actual - share) <= 4 * np.sqrt(share * (1 - share) / len(MANY))


@settings(max_examples=60)
@given(ids=st.lists(st.text(min_size=1), min_size=1, max_size=20, unique=True), share=st.floats(0, 0.5), data=st.data())
def test_a_customer_is_on_the_same_side_in_every_audience(ids: list[str], share: float, data: st.DataObject) -> None:
    sides = dict(zip(ids, holdout_mask(pa.array(ids), share, "autumn", SECRET), strict=True))
    others = data.draw(st.permutations(ids))[: len(ids) // 2 + 1]
    assert [sides[customer_id] for customer_id in others] == holdout_mask(
        pa.array(others), share, "autumn", SECRET
    ).tolist()


def test_a_larger_share_holds_those_of_a_smaller_one() -> None:
    small, large = (holdout_mask(MANY, share, "autumn", SECRET) for share in (0.1, 0.3))
    assert (large | ~small).all()


@pytest.mark.parametrize(("name", "secret"), [("winter", SECRET), ("autumn", b"another secret")])
def test_sides_under_another_name_or_secret_are_independent(name: str, secret: bytes) -> None:
    reference, other = holdout_mask(MANY, 0.5, "autumn", SECRET), holdout_mask(MANY, 0.5, name, secret)
    assert abs((reference == other).mean() - 0.5) < 0.01


def test_sides_stay_as_they_are_between_versions() -> None:
    ids = pa.array(["0007", "ann", "bob", "cyd", "阿强", "12346.0"])
    assert holdout_mask(ids, 0.5, "autumn", SECRET).tolist() == [True, True, False, False, True, True]
