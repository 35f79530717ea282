"""Decision service: draws an arm for each customer who may take part, writes the log, then answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from features.calendar import instant
from features.canonical_form import canonical_id
from features.consents.ledger import ConsentStatus, Ledger
from features.decisions.records import Decision
from serving.audiences.export.member_store import read_metadata
from serving.experiments.candidates import Candidates
from serving.experiments.customer_pool import CustomerPool, ScoredCustomers, ScoredFields
from serving.experiments.decision_log import DecisionLog
from serving.experiments.decision_time import DecisionTime
from serving.experiments.screening import Screening, Secrets
from serving.schemas.experiments import DecisionReason, DecisionRequest, DecisionResponse
from training.experiments.record.assignment import arm_uniforms, decision_ids, draw_arms
from training.experiments.record.epochs import Epoch
from training.experiments.record.experiment import NamedHoldout
from training.experiments.record.experiment_folder import ExperimentFolder
from training.experiments.record.started_experiment import StartedExperiment

NOT_SCORED = ScoredFields()


@dataclass(frozen=True, kw_only=True)
class DecisionService:
    """Decides for the customers of one home. The same request gets the same answer on every machine."""

    home: Path
    folder: ExperimentFolder
    log: DecisionLog
    ledger: Ledger
    pool: CustomerPool
    secrets: Secrets

    def decide(self, request: DecisionRequest, time: DecisionTime) -> list[DecisionResponse]:
        """The decision for each customer in the order of the request, after the new ones are in the log.

        Raises:
            NotFound: there is no such experiment.
            AudienceNotFound: there is no such audience.
            InvalidScores: there is no scores table.
            StoreUnavailable: the consents or the log cannot be read or written.
        """
        started, id_case = self.folder.read(request.experiment_id), self.ledger.id_case()
        canonical_ids = [canonical_id(customer_id, id_case) for customer_id in request.customer_ids]
        candidates = Candidates(tuple(dict.fromkeys(canonical_ids)))
        draw = _Draw(started, self.folder.epochs(started.id)[-1], self.secrets.assignment, request.audience_id)
        scored = self.pool.current()
        decisions = self._stored_decisions(candidates.customer_ids, draw)
        screening = Screening(
            started=started,
            scored=scored,
            ledger=self.ledger,
            folder=self.folder,
            log=self.log,
            home=self.home,
            secrets=self.secrets,
            time=time,
            audience_holdouts=self._audience_holdouts(started, request.audience_id),
        )
        rows = screening.screen(candidates, decisions)
        undecided = [customer_id for customer_id in candidates.remaining if customer_id not in decisions]
        drawn = draw.decisions(undecided, scored, rows, time.machine_now)
        decisions |= self._record(drawn, candidates, time)
        return [
            _response(customer_id, candidates.reasons.get(canonical, "drawn"), decisions.get(canonical))
            for customer_id, canonical in zip(request.customer_ids, canonical_ids, strict=True)
        ]

    def _stored_decisions(self, customer_ids: Sequence[str], draw: _Draw) -> dict[str, Decision]:
        found = zip(customer_ids, self.log.find(draw.ids(customer_ids)), strict=True)
        return {customer_id: decision for customer_id, decision in found if decision is not None}

    def _record(self, drawn: Sequence[Decision], candidates: Candidates, time: DecisionTime) -> dict[str, Decision]:
        """Store decisions, and return the stored ones by customer; an arm of another worker that was first stays.

        An erasure may have passed between the check and the writing, so it is checked once more after it.
        """
        if not drawn:
            return {}
        stored = {decision.customer_id: decision for decision in self.log.record(drawn)}
        statuses = self.ledger.statuses([*stored], time.now)
        erased = [id_ for id_, status in zip(stored, statuses, strict=True) if status is ConsentStatus.ERASED]
        if erased:
            self.log.delete_customers(erased)
            candidates.exclude(erased, "unknown_customer")
        return stored

    def _audience_holdouts(self, started: StartedExperiment, audience_id: str | None) -> list[NamedHoldout]:
        """The hold-outs of the record and of the audience that the customers come from."""
        holdouts = [] if started.record.eligible.holdout is None else [started.record.eligible.holdout]
        if audience_id is not None and (of_audience := read_metadata(self.home / "audiences", audience_id).holdout):
            holdouts.append(NamedHoldout(share=of_audience.share, name=of_audience.name))
        return holdouts


@dataclass(frozen=True)
class _Draw:
    """The draw of arms in one epoch of an experiment."""

    started: StartedExperiment
    epoch: Epoch
    secret: bytes
    audience_id: str | None

    @property
    def hashed_epoch(self) -> int | None:
        """The epoch in the hashes; None where a customer keeps the first arm."""
        return None if self.started.record.sticky else self.epoch.number

    def ids(self, customer_ids: Sequence[str]) -> tuple[str, ...]:
        """The ids of the customers' decisions."""
        return decision_ids(customer_ids, self.started.id, self.secret, self.hashed_epoch)

    def decisions(
        self, customer_ids: Sequence[str], scored: ScoredCustomers, rows: Mapping[str, int], decided_at: int
    ) -> list[Decision]:
        """A new decision for each customer.

        Args:
            customer_ids: in canonical form.
            scored: the scores table.
            rows: the rows of the customers whose scores may be used.
            decided_at: microseconds since 1970 UTC.
        """
        if not customer_ids:
            return []
        record = self.started.record
        known = [customer_id for customer_id in customer_ids if customer_id in rows]
        fields_by_id = dict(zip(known, scored.scored_fields(record, [rows[id_] for id_ in known]), strict=True))
        fields = [fields_by_id.get(customer_id, NOT_SCORED) for customer_id in customer_ids]
        probabilities = [self.epoch.for_segment(scored_fields.segment) for scored_fields in fields]
        uniforms = arm_uniforms(customer_ids, record.arm_names, record.id, self.secret, self.hashed_epoch)
        positions = draw_arms(uniforms, np.array(probabilities)).tolist()
        return [
            Decision(
                decision_id=decision_id,
                experiment_id=record.id,
                epoch=self.epoch.number,
                customer_id=customer_id,
                decided_at=decided_at,
                arm=record.arm_names[position],
                probabilities=shares,
                probability=shares[position],
                reason="drawn",
                segment=scored_fields.segment,
                prediction_id=scored_fields.prediction_id,
                release=scored_fields.release,
                predicted_orders=scored_fields.predicted_orders,
                predicted_spend=scored_fields.predicted_spend,
                audience_id=self.audience_id,
            )
            for customer_id, decision_id, position, shares, scored_fields in zip(
                customer_ids, self.ids(customer_ids), positions, probabilities, fields, strict=True
            )
        ]


def count_reasons(decisions: Sequence[DecisionResponse]) -> Mapping[str, int]:
    """The number of customers with each reason."""
    return Counter(decision.reason for decision in decisions)


def _response(customer_id: str, reason: DecisionReason, decision: Decision | None) -> DecisionResponse:
    """The answer for a customer, with the id as the caller wrote it; an arm for the reason ``drawn`` alone."""
    if decision is None or reason != "drawn":
        return DecisionResponse(
            customer_id=customer_id, reason=reason, arm=None, probability=None, decision_id=None, decided_at=None
        )
    return DecisionResponse(
        customer_id=customer_id,
        reason=reason,
        arm=decision.arm,
        probability=decision.probability,
        decision_id=decision.decision_id,
        decided_at=instant(decision.decided_at),
    )
