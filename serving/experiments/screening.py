"""Screening: the checks before an arm is drawn, in a fixed order; the first that fails is the reason.

Erased or unknown, global hold-out, exclusion group, consent, the filter on the scores, the hold-out of the audience,
and whether the experiment still runs. Consent comes before everything that reads a score. Customers who have a decision
keep it: the filter and the hold-out of the audience are asked before the first one alone, because both may change with
what an arm did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from features.consents.consent import ReachRequest
from features.consents.ledger import ConsentStatus, Ledger
from features.decisions.records import Decision
from serving.audiences.holdout import holdout_mask
from serving.experiments.candidates import Candidates
from serving.experiments.customer_pool import ScoredCustomers, eligible_request
from serving.experiments.decision_log import DecisionLog
from serving.experiments.decision_time import DecisionTime
from serving.experiments.exclusion import ExclusionGroup
from training.experiments.record.experiment import NamedHoldout
from training.experiments.record.experiment_folder import ExperimentFolder
from training.experiments.record.global_holdout import global_holdout_on
from training.experiments.record.started_experiment import StartedExperiment


@dataclass(frozen=True, kw_only=True)
class Secrets:
    """Keys derived from the secret of the home."""

    holdout: bytes  # the same as of audiences
    assignment: bytes


@dataclass(frozen=True, kw_only=True)
class Screening:
    """The checks of one experiment at one moment."""

    started: StartedExperiment
    scored: ScoredCustomers
    ledger: Ledger
    folder: ExperimentFolder
    log: DecisionLog
    home: Path
    secrets: Secrets
    time: DecisionTime
    audience_holdouts: Sequence[NamedHoldout]

    def screen(self, candidates: Candidates, decisions: Mapping[str, Decision]) -> dict[str, int]:
        """Give a reason to every candidate who draws no arm, and return the rows of those whose scores may be used.

        Args:
            candidates: all customers of the request.
            decisions: those that customers have in this experiment.
        """
        statuses = dict(
            zip(candidates.customer_ids, self.ledger.statuses(candidates.customer_ids, self.time.now), strict=True)
        )
        rows = self._known_rows(candidates, statuses)
        self._check_global_holdout(candidates)
        self._check_exclusion(candidates, decisions)
        self._check_consent(candidates)
        profiled = {id_: row for id_, row in rows.items() if statuses[id_] is ConsentStatus.GRANTED}
        self._check_filter([id_ for id_ in candidates.remaining if id_ not in decisions], candidates, profiled)
        self._check_audience_holdouts(candidates, decisions)
        self._check_running(candidates, decisions)
        return profiled

    def _known_rows(self, candidates: Candidates, statuses: Mapping[str, ConsentStatus]) -> dict[str, int]:
        erased = [id_ for id_, status in statuses.items() if status is ConsentStatus.ERASED]
        candidates.exclude(erased, "unknown_customer")
        ids = candidates.remaining
        rows = {id_: row for id_, row in zip(ids, self.scored.rows(ids), strict=True) if row is not None}
        others = [id_ for id_ in ids if id_ not in rows]
        unknown = [not id_ or not self.ledger.consents(id_).consents.entries for id_ in others]
        candidates.exclude_where(others, unknown, "unknown_customer")
        return rows

    def _check_global_holdout(self, candidates: Candidates) -> None:
        holdout = global_holdout_on(self.home, self.time.day)
        if holdout is not None:
            self._exclude_holdout(candidates.remaining, candidates, holdout.share, holdout.name, is_global=True)

    def _check_exclusion(self, candidates: Candidates, decisions: Mapping[str, Decision]) -> None:
        group = ExclusionGroup.of(self.started, self.folder, self.time.day)
        ids = [id_ for id_ in candidates.remaining if id_ not in decisions]
        if group is None or not ids:
            return
        key = self.secrets.assignment
        taken = group.owned_by_others(ids, key) | group.decided_by_others(ids, key, self.folder, self.log)
        candidates.exclude_where(ids, taken, "exclusion_group")

    def _check_consent(self, candidates: Candidates) -> None:
        ids, request = candidates.remaining, eligible_request(self.started.record.eligible)
        reach = ReachRequest(request.purpose, request.channel, uses_scores=False)
        allowed = self.ledger.can_reach(ids, reach, self.time.now)
        candidates.exclude_where(ids, [not is_allowed for is_allowed in allowed], "no_consent")

    def _check_filter(self, ids: Sequence[str], candidates: Candidates, profiled: Mapping[str, int]) -> None:
        eligible = self.started.record.eligible
        if eligible.filter is None or not ids:
            return
        mask = self.scored.mask(eligible, self.ledger.id_case())
        fulfilled = [id_ in profiled and bool(mask[profiled[id_]]) for id_ in ids]
        candidates.exclude_where(ids, [not is_fulfilled for is_fulfilled in fulfilled], "not_eligible")

    def _check_audience_holdouts(self, candidates: Candidates, decisions: Mapping[str, Decision]) -> None:
        for holdout in self.audience_holdouts:
            ids = [id_ for id_ in candidates.remaining if id_ not in decisions]
            self._exclude_holdout(ids, candidates, holdout.share, holdout.name, is_global=False)

    def _exclude_holdout(
        self, ids: Sequence[str], candidates: Candidates, share: float, name: str, *, is_global: bool
    ) -> None:
        if ids:
            mask = holdout_mask(pa.array(ids, pa.string()), share, name, self.secrets.holdout)
            candidates.exclude_where(ids, mask, "global_holdout" if is_global else "audience_holdout")

    def _check_running(self, candidates: Candidates, decisions: Mapping[str, Decision]) -> None:
        status, ids = self.started.status(self.time.day), candidates.remaining
        if status != "running":
            candidates.exclude(ids, status)
        removed = self.started.removed_arms
        has_removed_arm = [id_ in decisions and decisions[id_].arm in removed for id_ in ids]
        candidates.exclude_where(ids, has_removed_arm, "arm_removed")
