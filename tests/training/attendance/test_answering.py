"""Answering: questions about a class, from the parquet files of a home."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from features.calendar import day_from_number
from features.errors import NotEnoughData, NotFound
from tests.training.attendance.simulated_shop import (
    ATTENDEES,
    CLASS_DAY,
    CLASS_WEEK,
    CUSTOMERS,
    WITHIN_DAYS,
    SimulatedShop,
    class_panel,
    simulated_shop,
)
from tests.training.attendance.written_history import EXPERIMENT, TODAY, WrittenHistory, customer_name
from training.attendance.answering import AttendanceAnswer, NoAmounts, answer_question
from training.attendance.effect import AttendanceEffect, attendance_effect
from training.attendance.estimators.invitations import InvitationEffect
from training.attendance.log.attendance_log import UnknownEvent
from training.attendance.log.invitation_log import UnknownInvitation
from training.attendance.question import AttendanceQuestion
from training.experiments.record.experiment import Experiment
from training.experiments.record.experiment_folder import ExperimentFolder
from training.experiments.refusal import Refusal

RNG = np.random.default_rng(0)
DRAWN = simulated_shop(RNG)
SHOP = SimulatedShop(np.minimum(DRAWN.orders, 1), DRAWN.spend)  # one order a week, as the history has them
CAME = SHOP.attendees("loyal", RNG)
EFFECT = 0.5


@pytest.fixture
def history(tmp_path: Path) -> WrittenHistory:
    written = WrittenHistory(tmp_path)
    written.write_orders(SHOP, CAME, EFFECT)
    written.write_events(CAME)
    return written


def ask(history: WrittenHistory, **fields: Any) -> AttendanceAnswer:  # noqa: ANN401 - of the question
    today = fields.pop("today", TODAY)
    without = fields.pop("without", ())
    question = {"event": "class", "outcome": "spend", "within_days": WITHIN_DAYS, **fields}
    return answer_question(AttendanceQuestion(**question), history.source(today, without))


def reason(answer: AttendanceAnswer) -> str:
    assert isinstance(answer.observed.answer, Refusal)
    return answer.observed.answer.reason


def test_the_answer_is_that_of_the_panel_of_the_log(history: WrittenHistory) -> None:
    answer, expected = ask(history), attendance_effect(class_panel(SHOP, CAME, EFFECT)).answer
    assert isinstance(answer.observed.answer, AttendanceEffect)
    assert isinstance(expected, AttendanceEffect)
    found = answer.observed.answer.primary_estimate
    # Customers without an order in the 12 weeks are all alike, and the rounding of amounts decides who is matched.
    assert found.value == pytest.approx(expected.primary_estimate.value, abs=1.0)
    robust = [effect.estimates["doubly_robust"].value for effect in (answer.observed.answer, expected)]
    assert robust[0] == pytest.approx(robust[1], abs=0.05)
    assert found.low > 0
    assert (answer.attendees, answer.mature, answer.compared, answer.cohorts) == (ATTENDEES,) * 3 + (1,)
    known = (SHOP.orders[:, :CLASS_WEEK].sum(axis=1) > 0).sum()
    assert answer.never_attended == known - ATTENDEES
    assert answer.ordered_that_day == pytest.approx((SHOP.orders[CAME, CLASS_WEEK] > 0).mean())


def test_attendances_of_the_intake_count_like_events(history: WrittenHistory) -> None:
    expected = ask(history)
    history.write_outcomes(CAME[:100])
    history.write_events(CAME[100:])
    assert ask(history) == expected


def test_the_word_of_an_event_is_compared_without_case(history: WrittenHistory) -> None:
    assert ask(history, event=" CLASS ").attendees == ATTENDEES


def test_orders_are_counted_once_for_all_their_lines(history: WrittenHistory) -> None:
    answer = ask(history, outcome="orders").observed.answer
    assert isinstance(answer, AttendanceEffect)
    assert abs(answer.primary_estimate.value) < 0.2


def test_customers_who_may_not_be_analysed_are_in_no_number(history: WrittenHistory) -> None:
    without = [customer_name(number) for number in (*CAME[:10], *np.setdiff1d(np.arange(CUSTOMERS), CAME)[:5])]
    answer, everybody = ask(history, without=without), ask(history)
    assert answer.attendees == ATTENDEES - 10
    assert 0 < everybody.never_attended - answer.never_attended <= 5


def test_an_event_that_is_part_of_an_order_is_refused(history: WrittenHistory) -> None:
    customers = np.flatnonzero(SHOP.orders[:, CLASS_WEEK] > 0)
    history.write_events(customers)
    answer = ask(history).observed.answer
    assert answer == Refusal(
        "no_comparable_customers",
        "Found that 100% of the attendees ordered on the day of attendance; expected at most 90%. The event is part of "
        "an order, and nobody else is known to have been about to order: invite at random instead.",
    )


def test_a_class_outside_the_period_does_not_count(history: WrittenHistory) -> None:
    day = day_from_number(CLASS_DAY)
    assert ask(history, from_day=day, to_day=day + timedelta(days=1)).attendees == ATTENDEES
    assert ask(history, from_day=day + timedelta(days=1)).attendees == 0
    assert reason(ask(history, to_day=day)) == "too_few"


def test_a_class_whose_window_is_not_over_says_when_it_is(history: WrittenHistory) -> None:
    answer = ask(history, today=TODAY - timedelta(days=7))
    assert reason(answer) == "not_mature"
    assert isinstance(answer.observed.answer, Refusal)
    assert answer.observed.answer.detail == (
        f"Found 0 attendees whose 84 days are over; expected at least 100. Ask again when the log reaches {TODAY}."
    )
    assert answer.observed.diagnostics == ()


def test_lines_that_are_recorded_late_keep_a_window_open(history: WrittenHistory) -> None:
    lines = 2 * np.count_nonzero(SHOP.orders) + 2
    ordered = np.full(lines, 1_800_000_000_000_000)
    late = np.where(np.arange(lines) % 20 == 0, 3 * 86_400_000_000, 0)
    history.write_orders(
        SHOP,
        CAME,
        EFFECT,
        ordered_at=pa.array(ordered, pa.timestamp("us")),
        recorded_at=pa.array(ordered + late, pa.timestamp("us")),
    )
    assert reason(ask(history)) == "not_mature"


def test_a_class_in_the_first_weeks_of_the_log_has_no_weeks_before(history: WrittenHistory) -> None:
    history.write_events(CAME, day=CLASS_DAY - 7 * CLASS_WEEK + 80)
    answer = ask(history)
    assert (answer.attendees, answer.mature) == (ATTENDEES, 0)


def test_an_event_that_the_log_does_not_have_is_an_error_that_names_those_it_has(history: WrittenHistory) -> None:
    with pytest.raises(UnknownEvent, match=r"Found no event of the kind 'clas'. Expected one of the log: class\."):
        ask(history, event="clas")


def test_spend_is_unknown_without_amounts(history: WrittenHistory) -> None:
    history.write_orders(SHOP, CAME, EFFECT, amount=None)
    with pytest.raises(NoAmounts, match="Ask about orders instead"):
        ask(history)
    assert isinstance(ask(history, outcome="orders").observed.answer, AttendanceEffect)


def test_without_a_history_the_remedy_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="run `flywheel ingest` first"):
        ask(WrittenHistory(tmp_path))


def test_nobody_who_may_be_analysed_is_an_error(history: WrittenHistory) -> None:
    with pytest.raises(NotEnoughData, match="check the consents"):
        ask(history, without=[customer_name(number) for number in range(CUSTOMERS + 1)])


def invitations(history: WrittenHistory, name: str) -> tuple[WrittenHistory, np.ndarray]:
    """Half are invited, and every second of those comes."""
    invited = np.random.default_rng(1).random(CUSTOMERS) < 0.5
    came = np.flatnonzero(invited & (np.arange(CUSTOMERS) % 2 == 0))
    history.write_orders(SHOP, came, EFFECT)
    history.write_events(came)
    if name == "class-mail":
        history.write_touches(invited)
    else:
        record = Experiment.model_validate(EXPERIMENT)
        ExperimentFolder(history.home).start(record, 0, "ann")
        history.write_decisions(invited)
    return history, invited


@pytest.mark.parametrize("name", ["class-mail", "class-invitations"])
def test_random_invitations_are_read_from_an_experiment_or_a_campaign(history: WrittenHistory, name: str) -> None:
    history, invited = invitations(history, name)
    answer = ask(history, invitation_experiment=name).invitations
    assert answer is not None
    known = SHOP.orders[:, :CLASS_WEEK].sum(axis=1) > 0
    assert (answer.invited, answer.not_invited) == ((invited & known).sum(), (~invited & known).sum())
    effect = answer.effect
    assert isinstance(effect, InvitationEffect)
    assert effect.uptake.value == pytest.approx(0.5, abs=0.05)
    assert effect.per_attendee is not None
    truth = EFFECT * SHOP.spend[known][:, CLASS_WEEK:].mean()
    assert effect.per_attendee.low < truth < effect.per_attendee.high
    assert effect.per_attendee.low > 0


def test_a_campaign_without_probabilities_is_refused(history: WrittenHistory) -> None:
    history.write_touches(np.arange(CUSTOMERS) % 2 == 0, probability=None)
    answer = ask(history, invitation_experiment="class-mail").invitations
    assert answer is not None
    assert isinstance(answer.effect, Refusal)
    assert answer.effect.reason == "probabilities_unknown"


def test_a_campaign_that_withheld_nothing_has_no_control(history: WrittenHistory) -> None:
    history.write_touches(np.ones(CUSTOMERS, bool), probability=1.0)
    answer = ask(history, invitation_experiment="class-mail").invitations
    assert answer is not None
    assert isinstance(answer.effect, Refusal)
    assert answer.effect.reason == "no_randomised_control"


def test_invitations_that_were_drawn_lately_say_when_their_windows_are_over(history: WrittenHistory) -> None:
    history, _ = invitations(history, "class-mail")
    answer = ask(history, invitation_experiment="class-mail", today=TODAY - timedelta(days=7)).invitations
    assert answer is not None
    assert isinstance(answer.effect, Refusal)
    assert (answer.effect.reason, answer.invited) == ("not_mature", 0)
    assert str(TODAY) in answer.effect.detail


def test_an_unknown_experiment_is_an_error(history: WrittenHistory) -> None:
    with pytest.raises(UnknownInvitation, match="Found no invitations of 'nothing'"):
        ask(history, invitation_experiment="nothing")
    history.write_touches(np.ones(CUSTOMERS, bool))
    with pytest.raises(UnknownInvitation, match="correct its id"):
        ask(history, invitation_experiment="nothing")
