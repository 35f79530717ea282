"""Publication: readers see one whole cutoff while another is written, also after a killed publication."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from feast.feature_view import FeatureViewState

from features.online.backends import open_store, resolve_location
from features.plausibility_note import PlausibilityNote
from features.publication import ROW_ID, VIEW, Publication
from features.store.client import CustomerFeatures
from tests.features.store.catalogue import (
    ANN,
    MONDAY,
    TTL_DAYS,
    VIEWS,
    after_each_view,
    customer_rows,
    orders,
    through_feast,
)

pytestmark = pytest.mark.slow


@pytest.fixture
def reads_during_publication(
    features: CustomerFeatures, home: Path, online: str, monkeypatch: pytest.MonkeyPatch
) -> list[tuple[object, list[float]]]:
    """What another worker reads, through Feast and directly, after each view of a publication is written."""
    reads: list[tuple[object, list[float]]] = []

    def read() -> None:
        other = CustomerFeatures.open(home, VIEWS, TTL_DAYS, online)
        reads.append((through_feast(other, ANN[0])["orders"], orders(features, ANN[0])))

    features.materialize(MONDAY)
    after_each_view(monkeypatch.setattr, read)
    return reads


def test_the_second_publication_disturbs_no_reader(
    features: CustomerFeatures, reads_during_publication: list[tuple[object, list[float]]]
) -> None:
    features.materialize(MONDAY + timedelta(days=7))
    assert len(reads_during_publication) >= 2
    assert all(reads == ([3.0], [3.0]) for reads in reads_during_publication)
    assert through_feast(features, ANN[0])["orders"] == orders(features, ANN[0]) == [4.0]


def test_a_catalogue_left_in_the_middle_of_a_publication_still_answers_and_is_repaired(
    features: CustomerFeatures, home: Path, online: str
) -> None:
    features.materialize(MONDAY)
    registry = features.feast.registry
    for view in features.feast.list_feature_views():
        view.state, view.owner = FeatureViewState.MATERIALIZING, "a state alone is not saved"
        registry.apply_feature_view(view, features.feast.project)
    other = CustomerFeatures.open(home, VIEWS, TTL_DAYS, online)
    assert other.feast.get_feature_view("transactions").state == FeatureViewState.MATERIALIZING
    assert through_feast(other, ANN[0])["orders"] == other.as_of(customer_rows(ANN[:2]))["orders"].to_pylist() == [3.0]
    other.materialize(MONDAY + timedelta(days=7))
    assert other.feast.get_feature_view("transactions").state == FeatureViewState.AVAILABLE_ONLINE
    assert through_feast(other, ANN[0])["orders"] == [4.0]


NOTE = PlausibilityNote("ids_twins", "warning", "2 ids differ by case", "one spelling", "Set id_case", 2, "Ann")
PUBLICATION = Publication(
    features_at=7,
    log_until=5,
    last_day=MONDAY.date(),
    longest_silence=2,
    usual_silence=3,
    silence_limit=14,
    notes=(NOTE,),
)


def stored_publication(home: Path, online: str) -> Publication | None:
    (stored,) = open_store(resolve_location(online, home)).packed_values(VIEW, (ROW_ID,))
    return None if stored is None else Publication.from_bytes(stored)


def test_the_publication_comes_and_goes_with_its_features(features: CustomerFeatures, home: Path, online: str) -> None:
    assert stored_publication(home, online) is None
    features.materialize(MONDAY, PUBLICATION)
    assert stored_publication(home, online) == replace(PUBLICATION, notes=(replace(NOTE, example=""),))
    features.materialize(MONDAY + timedelta(days=7))
    assert stored_publication(home, online) is None
    assert orders(features, ANN[0]) == [4.0]


def test_an_erased_customer_leaves_the_publication_alone(features: CustomerFeatures, home: Path, online: str) -> None:
    features.materialize(MONDAY, PUBLICATION)
    assert features.erase(ANN[0]) == 1
    assert stored_publication(home, online) is not None


KILLED_WRITER_SCRIPT = """
import os, signal, sys
from pathlib import Path
from features.store.client import CustomerFeatures
from tests.features.store.catalogue import MONDAY, TTL_DAYS, VIEWS, after_each_view, timedelta

features = CustomerFeatures.open(Path(sys.argv[1]), VIEWS, TTL_DAYS, sys.argv[2])
after_each_view(setattr, lambda: os.kill(os.getpid(), signal.SIGKILL))
features.materialize(MONDAY + timedelta(days=7))
"""


@pytest.mark.slow
def test_a_publication_killed_half_way_leaves_the_last_one_and_is_repaired_by_the_next(
    features: CustomerFeatures, home: Path, online: str
) -> None:
    features.materialize(MONDAY)
    command = [sys.executable, "-c", KILLED_WRITER_SCRIPT, str(home), online]
    killed = subprocess.run(command, cwd=Path(__file__).parents[3], check=False)
    assert killed.returncode == -signal.SIGKILL
    survivor = CustomerFeatures.open(home, VIEWS, TTL_DAYS, online)
    assert through_feast(survivor, ANN[0])["orders"] == orders(survivor, ANN[0]) == [3.0]
    assert survivor.materialize(MONDAY + timedelta(days=7)) == 2
    assert through_feast(survivor, ANN[0])["orders"] == orders(survivor, ANN[0]) == [4.0]
