"""Intake service: exposures and outcomes are recorded where their customers allow it, each with its result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from features.consents.ledger import ConsentStatus, Ledger
from features.decisions.decision_log import DecisionLog
from features.decisions.intake import REPEATED, UNKNOWN_DECISION, IntakeResult, is_repetition
from features.decisions.records import Exposure, OutcomeEvent
from serving.experiments.decision_time import DecisionTime

MAX_AHEAD_US = 86_400_000_000  # how far clocks and time zones of callers may be ahead
IN_FUTURE = IntakeResult("refused", "in_future")
ERASED = IntakeResult("refused", "erased")
NO_CONSENT = IntakeResult("refused", "no_consent")


@dataclass(frozen=True)
class IntakeService:
    """Intake of one home; every method raises StoreUnavailable where the log or the ledger does not answer."""

    log: DecisionLog
    ledger: Ledger

    def record_exposures(self, exposures: Sequence[Exposure], time: DecisionTime) -> list[IntakeResult]:
        """Record exposures and return what became of each; one of an unknown decision is refused."""
        decisions = self.log.find([exposure.decision_id for exposure in exposures])
        customers = [None if decision is None else decision.customer_id for decision in decisions]
        refusals = self._refusals(customers, [exposure.at for exposure in exposures], time)
        accepted = [exposure for exposure, refusal in zip(exposures, refusals, strict=True) if refusal is None]
        recorded = iter(self.log.record_exposures(accepted))
        self._forget_erased(customers, time)
        return [next(recorded) if refusal is None else refusal for refusal in refusals]

    def record_outcomes(
        self, outcomes: Sequence[OutcomeEvent], undated: Sequence[bool], time: DecisionTime
    ) -> list[IntakeResult]:
        """Record outcomes and return what became of each.

        Args:
            outcomes: with a customer in canonical form, or a decision.
            undated: whether the caller left ``recorded_at`` open; such an outcome is a repetition of one that differs
                in ``recorded_at`` alone.
            time: of the request.
        """
        sent = self._with_customers(outcomes)
        refusals = self._refusals(
            [outcome.customer_id for outcome in sent],
            [max(outcome.happened_at, outcome.recorded_at) for outcome in sent],
            time,
            needs_grant=[outcome.decision_id is None for outcome in sent],
        )
        stored = self.log.find_outcomes([outcome.outcome_id for outcome in sent])
        newest = {known.outcome_id: known for known in stored if known is not None}
        for index, outcome in enumerate(sent):
            known = newest.get(outcome.outcome_id)
            if refusals[index] is None and undated[index] and known is not None and is_repetition(known, outcome):
                refusals[index] = REPEATED
            elif refusals[index] is None:
                newest[outcome.outcome_id] = outcome  # the same may come again in this request
        accepted = [outcome for outcome, refusal in zip(sent, refusals, strict=True) if refusal is None]
        recorded = iter(self.log.record_outcomes(accepted))
        self._forget_erased([outcome.customer_id for outcome in sent], time)
        return [next(recorded) if refusal is None else refusal for refusal in refusals]

    def _with_customers(self, outcomes: Sequence[OutcomeEvent]) -> list[OutcomeEvent]:
        """The outcomes with the customers of their decisions; without one where the decision is unknown."""
        ids = [outcome.decision_id for outcome in outcomes if outcome.decision_id is not None]
        customers = {one.decision_id: one.customer_id for one in self.log.find(ids) if one is not None}
        return [
            outcome if outcome.decision_id is None
            else replace(outcome, customer_id=customers.get(outcome.decision_id))
            for outcome in outcomes
        ]  # fmt: skip

    def _refusals(
        self,
        customers: Sequence[str | None],
        latest: Sequence[int],
        time: DecisionTime,
        needs_grant: Sequence[bool] = (),
    ) -> list[IntakeResult | None]:
        """Why each item is refused; None for one that may be recorded.

        Who said no to profiling gets no record; who said nothing gets those of decisions, which were consented to.
        """
        known = sorted({customer_id for customer_id in customers if customer_id is not None})
        statuses = dict(zip(known, self.ledger.statuses(known, time.now), strict=True))
        needs_grant = needs_grant or [False] * len(customers)
        limit = max(time.now, time.machine_now) + MAX_AHEAD_US
        return [
            _refusal(None if customer_id is None else statuses[customer_id], at > limit, is_needed)
            for customer_id, at, is_needed in zip(customers, latest, needs_grant, strict=True)
        ]

    def _forget_erased(self, customers: Sequence[str | None], time: DecisionTime) -> None:
        """Delete what was written of customers whose erasure came between the check and the write."""
        known = sorted({customer_id for customer_id in customers if customer_id is not None})
        statuses = zip(known, self.ledger.statuses(known, time.now), strict=True)
        self.log.delete_customers([customer_id for customer_id, status in statuses if status is ConsentStatus.ERASED])


def _refusal(status: ConsentStatus | None, is_ahead: bool, needs_grant: bool) -> IntakeResult | None:  # noqa: FBT001 -- two facts
    if status is None:
        return UNKNOWN_DECISION
    if status is ConsentStatus.ERASED:
        return ERASED
    if status is ConsentStatus.DENIED or (needs_grant and status is ConsentStatus.UNKNOWN):
        return NO_CONSENT
    return IN_FUTURE if is_ahead else None
