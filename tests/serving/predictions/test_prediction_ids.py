"""Prediction ids: a repeated request for the same features has the same id, and any other request has another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given

from features.online.feature_rows import FeatureRows, RaggedList
from serving.predictions.prediction_ids import prediction_ids
from tests.serving.fakes import NO_ORDERS, TODAY, FakeRelease, KnownCustomer, feature_rows
from tests.serving.forecasts import populations

CUSTOMERS = {"ann": KnownCustomer(), "bob": NO_ORDERS, "zoe": None}
IDS = prediction_ids("7", feature_rows(CUSTOMERS), TODAY)


def test_asking_again_gives_the_same_ids() -> None:
    assert prediction_ids("7", feature_rows(CUSTOMERS), TODAY) == IDS
    assert all(len(prediction_id) == 32 for prediction_id in IDS)
    assert len({*IDS}) == 3


def test_an_id_does_not_depend_on_the_other_customers() -> None:
    assert prediction_ids("7", feature_rows({"zoe": None, "ann": KnownCustomer()}), TODAY) == (IDS[2], IDS[0])


def test_another_release_or_instant_is_another_question() -> None:
    assert not {*prediction_ids("8", feature_rows(CUSTOMERS), TODAY)} & {*IDS}
    assert not {*prediction_ids("7", feature_rows(CUSTOMERS), TODAY + 1)} & {*IDS}


@pytest.mark.parametrize(
    "customer",
    [
        KnownCustomer(spend=1204.51),
        KnownCustomer(features_at=TODAY - 1),
        KnownCustomer(recent_days=(20757.0, 20758.0)),
        KnownCustomer(recent_days=()),
    ],
)
def test_other_features_are_another_question(customer: KnownCustomer) -> None:
    assert prediction_ids("7", feature_rows({"ann": customer}), TODAY) != IDS[:1]


def test_values_do_not_pass_from_one_list_to_the_next() -> None:
    def two_lists(first: int) -> FeatureRows:
        values = np.array([1.0, 2.0, 3.0])
        lists = {
            "a": RaggedList(offsets=np.array([0, first]), values=values[:first]),
            "b": RaggedList(offsets=np.array([0, 3 - first]), values=values[first:]),
        }
        return replace(feature_rows({"ann": KnownCustomer()}), lists=lists)

    assert prediction_ids("7", two_lists(1), TODAY) != prediction_ids("7", two_lists(2), TODAY)


@given(populations())
def test_every_customer_of_a_population_has_an_id_of_its_own(population: tuple[FeatureRows, FakeRelease]) -> None:
    stored, _ = population
    assert len({*prediction_ids("7", stored, TODAY)}) == len(stored)
