"""Decisions: who takes part draws an arm once, the log has it before the answer, and a repetition changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from features.consents.consent import ALL_CHANNELS, MARKETING, PROFILING, Consent
from features.decisions.records import Decision
from features.errors import NotFound
from tests.serving.experiments.shop import IDS, MORNING, START, ExperimentShop, FakeDecisionLog, at, drawn_ids
from training.experiments.record.epochs import Epoch
from training.experiments.record.started_experiment import Change

GOLD = {"filter": {"column": "value_tier", "equals": "gold"}}
LATER = at("2027-03-20T10:00:00")


@pytest.fixture
def shop(tmp_path: Path) -> ExperimentShop:
    return ExperimentShop.of(tmp_path)


def denial(purpose: str = MARKETING, channel: str = ALL_CHANNELS) -> Consent:
    return Consent(purpose, channel, granted=False, changed_at=1)


def test_everybody_who_consents_draws_an_arm_and_the_log_has_it(shop: ExperimentShop) -> None:
    shop.start()
    decisions = shop.decide()
    assert drawn_ids(decisions) == set(IDS)
    assert len(shop.log.rows) == len(IDS)
    counts = Counter(decision.arm for decision in decisions.values())
    assert abs(counts["none"] - 200) <= 4 * 10
    row = shop.log.rows[str(decisions["c001"].decision_id)]
    assert (row.customer_id, row.experiment_id, row.epoch, row.decided_at) == ("c001", "win-back", 1, START)
    assert (row.arm, row.probability, row.probabilities) == (decisions["c001"].arm, 0.5, (0.5, 0.5))


def test_a_repeated_request_gets_the_same_answer_and_adds_no_row(shop: ExperimentShop) -> None:
    shop.start()
    first = shop.decide()
    rows = dict(shop.log.rows)
    assert shop.decide(time=LATER) == first
    assert shop.other_worker().decide(time=LATER) == first
    assert shop.log.rows == rows


def test_another_machine_with_a_log_of_its_own_draws_the_same_arms(shop: ExperimentShop) -> None:
    shop.start()
    other = shop.other_worker()
    other.service = replace(other.service, log=FakeDecisionLog())
    assert shop.decide() == other.decide()


def test_the_order_and_the_spelling_of_the_request_stay(shop: ExperimentShop) -> None:
    shop.start()
    decisions = shop.decide([" c002", "c001", "c002 "])
    assert decisions[" c002"].decision_id == decisions["c002 "].decision_id != decisions["c001"].decision_id
    assert len(shop.log.rows) == 2


def test_the_scores_row_is_logged_with_the_decision(shop: ExperimentShop) -> None:
    shop.start(segments="value_tier")
    (answer,) = shop.decide(["c004"]).values()
    row = shop.log.rows[str(answer.decision_id)]
    assert (row.segment, row.release, row.predicted_spend) == ("gold", "7", 4.0)


def test_without_consent_to_profiling_no_score_is_logged(shop: ExperimentShop) -> None:
    shop.start(segments="value_tier")
    shop.ledger.record({"c004": [denial(PROFILING)]})
    (answer,) = shop.decide(["c004"]).values()
    row = shop.log.rows[str(answer.decision_id)]
    assert answer.reason == "drawn"
    assert (row.segment, row.prediction_id, row.release, row.predicted_orders, row.predicted_spend) == (None,) * 5


def test_without_consent_to_profiling_no_filter_is_fulfilled(shop: ExperimentShop) -> None:
    shop.start(eligible=GOLD)
    shop.ledger.record({"c004": [denial(PROFILING)]})
    assert {id_: answer.reason for id_, answer in shop.decide(["c004", "c006", "c007"]).items()} == {
        "c004": "not_eligible",
        "c006": "drawn",
        "c007": "not_eligible",
    }


def test_without_consent_no_arm_is_drawn_and_the_log_has_no_row(shop: ExperimentShop) -> None:
    shop.start(eligible={"channel": "E-Mail"})
    shop.ledger.record({"c001": [denial()], "c002": [denial(channel="e-mail")], "c003": [denial(channel="sms")]})
    decisions = shop.decide(["c001", "c002", "c003"])
    assert [decision.reason for decision in decisions.values()] == ["no_consent", "no_consent", "drawn"]
    assert {row.customer_id for row in shop.log.rows.values()} == {"c003"}


def test_a_consent_revoked_midway_ends_the_arm(shop: ExperimentShop) -> None:
    shop.start()
    assert shop.decide(["c001"])["c001"].arm is not None
    shop.ledger.record({"c001": [denial()]})
    revoked = shop.decide(["c001"])["c001"]
    assert (revoked.reason, revoked.arm, revoked.decision_id) == ("no_consent", None, None)


def test_who_is_unknown_or_erased_is_unknown(shop: ExperimentShop) -> None:
    shop.start()
    shop.ledger.erase("c001")
    decisions = shop.decide(["c001", "stranger", "", "c002"])
    assert [decision.reason for decision in decisions.values()] == ["unknown_customer"] * 3 + ["drawn"]
    assert len(shop.log.rows) == 1


def test_who_consented_before_any_order_is_known(shop: ExperimentShop) -> None:
    shop.start()
    shop.ledger.record({"new": [Consent(MARKETING, ALL_CHANNELS, granted=True, changed_at=1)]})
    assert shop.decide(["new"])["new"].reason == "drawn"


def test_an_erasure_during_the_decision_leaves_no_row(shop: ExperimentShop) -> None:
    class ErasingLog(FakeDecisionLog):
        def record(self, decisions: Sequence[Decision]) -> list[Decision]:
            shop.ledger.erase("c001")
            return super().record(decisions)

    shop.start()
    log = ErasingLog()
    shop.service = replace(shop.service, log=log)
    assert shop.decide(["c001", "c002"])["c001"].reason == "unknown_customer"
    assert {row.customer_id for row in log.rows.values()} == {"c002"}


def test_of_two_workers_the_first_decision_stays(shop: ExperimentShop) -> None:
    class SlowLog(FakeDecisionLog):
        def find(self, decision_ids: Sequence[str]) -> list[Decision | None]:
            return [None] * len(decision_ids)

    shop.start()
    first = shop.decide(["c001"])["c001"]
    shop.folder.append_epoch("win-back", Epoch(number=2, began_at=START, probabilities={"": (0.0, 1.0)}))
    shop.service = replace(shop.service, log=SlowLog(shop.log.rows))
    assert shop.decide(["c001"])["c001"] == first


def test_a_customer_keeps_the_arm_when_the_filter_no_longer_selects(shop: ExperimentShop, tmp_path: Path) -> None:
    from tests.serving import scored  # noqa: PLC0415

    shop.start(eligible=GOLD)
    first = shop.decide(["c004"])["c004"]
    scored.write_scores(tmp_path, shop.ledger, IDS, c004={"value_tier": "silver"}, c006={"value_tier": "silver"})
    assert shop.decide(["c004"])["c004"] == first
    assert shop.decide(["c006"])["c006"].reason == "not_eligible"


def test_new_probabilities_count_for_new_customers_alone(shop: ExperimentShop) -> None:
    shop.start()
    before = shop.decide(IDS[:200])
    shop.folder.append_epoch("win-back", Epoch(number=2, began_at=START, probabilities={"": (0.0, 1.0)}))
    after = shop.decide()
    assert {id_: after[id_] for id_ in IDS[:200]} == before
    assert {after[id_].arm for id_ in IDS[200:]} == {"ten-percent"}
    assert {after[id_].probability for id_ in IDS[200:]} == {1.0}


def test_without_stickiness_each_epoch_draws_again(shop: ExperimentShop) -> None:
    shop.start(sticky=False)
    first = shop.decide()
    shop.folder.append_epoch("win-back", Epoch(number=2, began_at=START, probabilities={"": (0.5, 0.5)}))
    second = shop.decide()
    changed = sum(first[id_].arm != second[id_].arm for id_ in IDS)
    assert abs(changed - 200) <= 4 * 10
    assert len(shop.log.rows) == 2 * len(IDS)
    assert shop.decide() == second


def test_segments_have_probabilities_of_their_own(shop: ExperimentShop) -> None:
    shop.start(segments="value_tier")
    learned = {"": (0.5, 0.5), "gold": (1.0, 0.0)}
    shop.folder.append_epoch("win-back", Epoch(number=2, began_at=START, probabilities=learned))
    decisions = shop.decide()
    assert {decisions[id_].arm for id_ in IDS[::2]} == {"none"}
    assert {decisions[id_].arm for id_ in IDS[1::2]} == {"none", "ten-percent"}


def test_an_arm_that_was_taken_out_is_no_longer_given(shop: ExperimentShop) -> None:
    shop.start(arms=[{"name": "none", "control": True}, {"name": "five"}, {"name": "ten"}])
    before = shop.decide(IDS[:200])
    shop.folder.append_change("win-back", Change(kind="remove_arm", at=START, actor="test", arm="ten"))
    after = shop.decide()
    for id_, decision in before.items():
        assert after[id_].reason == ("arm_removed" if decision.arm == "ten" else "drawn")
    assert {after[id_].arm for id_ in IDS[200:]} == {"none", "five"}
    assert {after[id_].probability for id_ in IDS[200:]} == {0.5}


def test_a_stopped_or_ended_experiment_gives_no_arm(shop: ExperimentShop) -> None:
    shop.start()
    shop.decide(["c001"])
    assert shop.decide(["c001"], time=at("2027-04-11T23:59:00"))["c001"].reason == "drawn"
    assert shop.decide(["c001"], time=at("2027-04-12T00:00:00"))["c001"].reason == "ended"
    shop.folder.append_change("win-back", Change(kind="stop", at=START, actor="test"))
    assert shop.decide(["c001", "c002"])["c001"].reason == "stopped"
    assert len(shop.log.rows) == 1


def test_experiments_draw_independently(shop: ExperimentShop) -> None:
    shop.start()
    shop.start(id="welcome")
    first, second = shop.decide(), shop.decide(experiment_id="welcome")
    same = sum(first[id_].arm == second[id_].arm for id_ in IDS)
    assert abs(same - 200) <= 4 * 10


def test_an_experiment_that_never_started_is_not_found(shop: ExperimentShop) -> None:
    with pytest.raises(NotFound, match="Found no experiment 'nothing'"):
        shop.decide(experiment_id="nothing", time=MORNING)
