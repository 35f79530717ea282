"""Answering: a question about attendance, from the tables of a home at one moment, with NumPy and pyarrow alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow.parquet as pq

from features.arrays import Booleans, Integers
from features.calendar import day_number
from features.errors import FlywheelError, NotFound
from training.attendance.effect import (
    MAX_ORDERED_THAT_DAY,
    MIN_ATTENDEES,
    AttendanceResult,
    attendance_effect,
    not_mature,
    part_of_an_order,
)
from training.attendance.estimators.invitations import InvitationEffect, invitation_effect, invitations_not_mature
from training.attendance.invitation_units import invitation_units
from training.attendance.log.attendance_log import first_rows, read_attendances
from training.attendance.log.invitation_log import (
    Invitations,
    invitations_of_campaign,
    invitations_of_experiment,
    unknown_invitation,
)
from training.attendance.log.open_tables import open_tables
from training.attendance.log.purchase_log import AllowedIds, PurchaseLog, read_purchases
from training.attendance.panel.panel import WEEK, WEEKS_BEFORE
from training.attendance.panel.panel_building import Attendances, build_panel
from training.attendance.question import AttendanceQuestion
from training.experiments.record.experiment_folder import ExperimentFolder
from training.experiments.refusal import Refusal

TABLES = ("orders", "events", "outcomes", "decisions", "touches")


class NoAmounts(FlywheelError):
    """The log has no amounts, so spend is unknown."""


@dataclass(frozen=True, kw_only=True)
class AttendanceSource:
    """Where questions are answered from, and as of when."""

    home: Path
    zone: ZoneInfo
    today: date  # of the shop; this day and later ones are left out
    allowed_ids: AllowedIds


@dataclass(frozen=True, kw_only=True)
class InvitationAnswer:
    """The effect of invitations at random, or the refusal in its place."""

    effect: InvitationEffect | Refusal
    invited: int  # customers whose window is over
    not_invited: int


@dataclass(frozen=True, kw_only=True)
class AttendanceAnswer:
    """The answers to a question, with the numbers of customers that they rest on."""

    attendees: int  # whose first attendance lies in the period
    mature: int  # of these, with a window that is over, and with 12 weeks of the log before
    compared: int  # of these, with an order before; drawn at random where they are many
    ordered_that_day: float | None  # the share of the mature that ordered on the day of attendance
    cohorts: int
    never_attended: int  # customers whom they are compared with
    observed: AttendanceResult
    invitations: InvitationAnswer | None  # None where no experiment is named


def answer_question(question: AttendanceQuestion, source: AttendanceSource) -> AttendanceAnswer:
    """The effect of attending, as far as the history of a home identifies it.

    Raises:
        NotFound: there is no history.
        NotEnoughData: no customer who may be analysed has ordered.
        NoAmounts: spend is asked, and the log has no amounts.
        UnknownEvent: the log has no such event.
        UnknownInvitation: there is no such experiment and no such campaign.
        StoreUnavailable: the tables were replaced again and again.
    """
    with open_tables(source.home / "history", TABLES) as tables:
        log = read_purchases(tables["orders"], day_number(source.today), source.allowed_ids)
        if question.outcome == "spend" and not log.has_amounts:
            raise NoAmounts("Found no amounts in the log; expected them for spend. Ask about orders instead.")
        attendances = read_attendances(tables, question.event, log, source.zone)
        draws = None
        if question.invitation_experiment is not None:
            draws = _read_invitations(question.invitation_experiment, tables, log, source)
    firsts = attendances.select(first_rows(attendances.customer))
    return _answer(question, log, attendances, firsts, draws)


def _answer(
    question: AttendanceQuestion,
    log: PurchaseLog,
    attendances: Attendances,
    firsts: Attendances,
    draws: Invitations | None,
) -> AttendanceAnswer:
    in_period = _in_period(firsts.day, question)
    is_mature = in_period & (firsts.day + question.within_days <= log.mature_day)
    is_mature &= firsts.day - WEEK * WEEKS_BEFORE >= log.purchases.first_day
    panel = build_panel(log.purchases, firsts, np.flatnonzero(is_mature), question.outcome, question.within_days)
    days, mature = firsts.day[in_period].tolist(), int(is_mature.sum())
    ordered = _ordered_that_day(log, firsts.select(np.flatnonzero(is_mature)))
    if mature < MIN_ATTENDEES <= len(days):
        observed = AttendanceResult(answer=not_mature(days, question.within_days, mature))
    elif mature >= MIN_ATTENDEES and ordered > MAX_ORDERED_THAT_DAY:
        observed = AttendanceResult(answer=part_of_an_order(ordered))
    else:
        observed = attendance_effect(panel)
    return AttendanceAnswer(
        attendees=len(days),
        mature=mature,
        compared=panel.attendees,
        ordered_that_day=ordered if mature else None,
        cohorts=len(np.unique(panel.cohort)),
        never_attended=len(np.unique(panel.customer[~panel.attended])),
        observed=observed,
        invitations=None if draws is None else _answer_invitations(question, log, attendances, draws),
    )


def _ordered_that_day(log: PurchaseLog, attendances: Attendances) -> float:
    """The share of attendees with an order on the day of attendance; 0 without attendees."""
    customer, day = attendances.customer, attendances.day
    orders = log.purchases.window_sums(log.purchases.orders, customer, day, day + 1)
    return float((orders > 0).mean()) if len(day) else 0.0


def _answer_invitations(
    question: AttendanceQuestion, log: PurchaseLog, attendances: Attendances, draws: Invitations
) -> InvitationAnswer:
    drawn = draws.select(np.flatnonzero(_in_period(draws.day, question)))
    over = drawn.day + question.within_days <= log.mature_day
    mature = drawn.select(np.flatnonzero(over))
    units = invitation_units(log.purchases, attendances, mature, question.outcome, question.within_days)
    waiting = not over.any() and len(drawn.day) > 0
    return InvitationAnswer(
        effect=invitations_not_mature(drawn.day, question.within_days) if waiting else invitation_effect(units),
        invited=int(mature.invited.sum()),
        not_invited=int((~mature.invited).sum()),
    )


def _read_invitations(
    name: str, tables: Mapping[str, pq.ParquetFile], log: PurchaseLog, source: AttendanceSource
) -> Invitations:
    try:
        experiment = ExperimentFolder(source.home).read(name).record
    except NotFound:
        if "touches" not in tables:
            raise unknown_invitation(name) from None
        return invitations_of_campaign(tables["touches"], name, log)
    if "decisions" not in tables:
        raise unknown_invitation(name)
    return invitations_of_experiment(tables["decisions"], experiment, log, source.zone)


def _in_period(day: Integers, question: AttendanceQuestion) -> Booleans:
    chosen = np.ones(len(day), dtype=bool)
    if question.from_day is not None:
        chosen &= day >= day_number(question.from_day)
    if question.to_day is not None:
        chosen &= day < day_number(question.to_day)
    return chosen
