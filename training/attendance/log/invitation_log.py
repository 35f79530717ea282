"""Invitation log: who was invited at random and with which probability, from an experiment or a campaign of touches."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.arrays import Booleans, Floats, Integers
from features.errors import FlywheelError
from training.attendance.log.attendance_log import first_rows, local_days
from training.attendance.log.purchase_log import PurchaseLog
from training.experiments.record.decision_rows import arm_probabilities, drawn_rows
from training.experiments.record.experiment import Experiment


class UnknownInvitation(FlywheelError):
    """There is neither an experiment nor a campaign of this id whose invitations were drawn."""


@dataclass(frozen=True, kw_only=True)
class Invitations:
    """The first draw of each customer, n rows."""

    customer: Integers  # (n,) number in the purchase log
    day: Integers  # (n,) local day of the draw, days since 1970
    invited: Booleans  # (n,)
    probability: Floats  # (n,) of what was drawn; NaN where it was not logged

    def select(self, rows: Integers) -> Invitations:
        """Some of the draws."""
        return Invitations(
            customer=self.customer[rows],
            day=self.day[rows],
            invited=self.invited[rows],
            probability=self.probability[rows],
        )


def invitations_of_experiment(
    decisions: pq.ParquetFile, experiment: Experiment, log: PurchaseLog, zone: ZoneInfo
) -> Invitations:
    """The draws of an experiment: every arm but the control invites; without a control arm all do.

    Raises:
        UnknownInvitation: the experiment has no decision yet.
    """
    rows = decisions.read(columns=["experiment_id", "customer_id", "decided_at_us", "arm", "probabilities", "reason"])
    rows = drawn_rows(rows, experiment)
    if not rows.num_rows:
        raise _unknown(experiment.id, "its decisions are in the history after the next `flywheel learn`")
    control = experiment.control
    if control is None:
        invited, probability = np.ones(rows.num_rows, dtype=bool), np.ones(rows.num_rows)
    else:
        control_arm = experiment.arm_names[control]
        invited = pc.not_equal(rows["arm"], control_arm).to_numpy()
        none = arm_probabilities(rows["probabilities"], len(experiment.arms))[:, control]
        probability = np.where(invited, 1 - none, none)
    return _first_draws(rows, local_days(rows["decided_at_us"], zone), invited, probability, log)


def invitations_of_campaign(touches: pq.ParquetFile, campaign: str, log: PurchaseLog) -> Invitations:
    """The draws of a campaign in the table of touches: a touch with ``treated`` false is an invitation withheld.

    Raises:
        UnknownInvitation: the campaign has no touches, or the table does not say which were withheld.
    """
    names = set(touches.schema_arrow.names)
    if not {"campaign_id", "treated"} <= names:
        raise _unknown(campaign, "[touches] has no column treated, which says which messages were withheld")
    columns = ["customer_id", "campaign_id", "treated", "day_number", *({"probability"} & names)]
    rows = touches.read(columns=columns).sort_by("day_number")
    rows = rows.filter(pc.equal(rows["campaign_id"], campaign))
    if not rows.num_rows:
        raise _unknown(campaign, "correct its id")
    invited = pc.fill_null(rows["treated"], fill_value=True).to_numpy()
    treated = np.full(rows.num_rows, np.nan)
    if "probability" in names:
        treated = pc.fill_null(rows["probability"].cast(pa.float64()), np.nan).to_numpy()
    return _first_draws(rows, rows["day_number"], invited, np.where(invited, treated, 1 - treated), log)


def unknown_invitation(name: str) -> UnknownInvitation:
    """The error of an id that is neither an experiment's nor a campaign's."""
    return _unknown(name, "correct its id")


def _first_draws(
    rows: pa.Table, day: pa.ChunkedArray, invited: Booleans, probability: Floats, log: PurchaseLog
) -> Invitations:
    """The first draw of each customer; those who had not ordered before are left out, since nothing adjusts them."""
    customer, days = log.positions(rows["customer_id"]), day.to_numpy().astype(np.int64)
    first = first_rows(customer)
    first = first[(customer[first] >= 0) & (days[first] < log.purchases.end_day)]
    first = first[log.purchases.first_purchase[customer[first]] < days[first]]
    return Invitations(
        customer=customer[first], day=days[first], invited=invited[first], probability=probability[first]
    )


def _unknown(name: str, remedy: str) -> UnknownInvitation:
    return UnknownInvitation(
        f"Found no invitations of {name!r}. Expected an experiment with decisions, or a campaign of [touches] with "
        f"treated and probability: {remedy}."
    )
