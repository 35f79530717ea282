"""Hold-outs and exclusion groups: who is held out draws no arm, and experiments of one group never share a customer."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from features.consents.consent import ALL_CHANNELS, MARKETING, Consent
from serving.audiences.holdout import holdout_mask
from tests.serving.experiments.shop import IDS, START, ExperimentShop, drawn_ids, reasons
from training.experiments.record.global_holdout import GlobalHoldout, record_global_holdout
from training.experiments.record.started_experiment import Change

PERIOD = GlobalHoldout(0.2, "2027-H1", date(2027, 7, 1))


@pytest.fixture
def shop(tmp_path: Path) -> ExperimentShop:
    return ExperimentShop.of(tmp_path)


def test_the_global_hold_out_is_that_of_audiences_and_checked_before_consent(
    shop: ExperimentShop, tmp_path: Path
) -> None:
    shop.start()
    record_global_holdout(tmp_path, PERIOD, 1)
    mask = holdout_mask(pa.array(IDS), PERIOD.share, PERIOD.name, b"h" * 32)
    expected = {id_: "global_holdout" if is_out else "drawn" for id_, is_out in zip(IDS, mask, strict=True)}
    first = next(id_ for id_, reason in expected.items() if reason == "global_holdout")
    shop.ledger.record({first: [Consent(MARKETING, ALL_CHANNELS, granted=False, changed_at=1)]})
    assert reasons(shop.decide()) == expected
    assert 40 <= mask.sum() <= 120


def test_a_hold_out_that_begins_takes_customers_out_of_a_running_experiment(
    shop: ExperimentShop, tmp_path: Path
) -> None:
    shop.start()
    shop.decide()
    record_global_holdout(tmp_path, PERIOD, 1)
    assert 280 <= len(drawn_ids(shop.decide())) <= 360


def test_an_ended_hold_out_no_longer_holds(shop: ExperimentShop, tmp_path: Path) -> None:
    shop.start()
    record_global_holdout(tmp_path, GlobalHoldout(0.5, "2026-H2", date(2027, 1, 1)), 1)
    assert drawn_ids(shop.decide()) == set(IDS)


def test_the_hold_out_of_an_audience_draws_no_arm(shop: ExperimentShop) -> None:
    shop.start(eligible={"holdout": {"share": 0.2, "name": "autumn"}})
    mask = holdout_mask(pa.array(IDS), 0.2, "autumn", b"h" * 32)
    assert reasons(shop.decide()) == {
        id_: "audience_holdout" if is_out else "drawn" for id_, is_out in zip(IDS, mask, strict=True)
    }


def test_experiments_of_a_group_split_the_customers(shop: ExperimentShop) -> None:
    shop.start(excludes="win-back")
    shop.start(id="other", excludes="win-back")
    first, second = shop.decide(), shop.decide(experiment_id="other")
    assert drawn_ids(first) | drawn_ids(second) == set(IDS)
    assert not drawn_ids(first) & drawn_ids(second)
    assert abs(len(drawn_ids(first)) - 200) <= 4 * 10
    assert set(reasons(first).values()) == {"drawn", "exclusion_group"}


def test_an_experiment_that_joins_the_group_takes_nobody_who_was_decided_for(shop: ExperimentShop) -> None:
    shop.start(excludes="win-back")
    first = shop.decide(IDS[:300])
    assert len(drawn_ids(first)) == 300
    shop.start(id="other", excludes="win-back")
    joined = shop.decide(experiment_id="other")
    assert drawn_ids(joined) <= set(IDS[300:])
    assert shop.decide(IDS[:300]) == first
    assert drawn_ids(joined) | drawn_ids(shop.decide(IDS[300:])) == set(IDS[300:])


@pytest.mark.parametrize("sticky", [True, False])
def test_a_stopped_experiment_of_the_group_still_shares_nobody(shop: ExperimentShop, *, sticky: bool) -> None:
    shop.start(excludes="win-back", sticky=sticky)
    shop.decide(IDS[:300])
    shop.folder.append_change("win-back", Change(kind="stop", at=START, actor="test"))
    shop.start(id="other", excludes="win-back")
    assert drawn_ids(shop.decide(experiment_id="other")) == set(IDS[300:])


def test_experiments_without_a_group_share_customers(shop: ExperimentShop) -> None:
    shop.start(excludes="win-back")
    shop.start(id="other", excludes="welcome")
    shop.start(id="third")
    for experiment_id in ("win-back", "other", "third"):
        assert drawn_ids(shop.decide(experiment_id=experiment_id)) == set(IDS)
