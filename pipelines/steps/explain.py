"""Explain step: answers customers with reasons as the HTTP service does, in this process and from the home alone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from features.calendar import local_day
from features.consents.ledger import ConsentStatus, Ledger
from features.errors import FlywheelError
from features.online.backends import open_store, resolve_location
from features.publication import Publication
from features.validation_errors import message
from pipelines.home import Home
from pipelines.scoring.similar_ids import similar_ids
from serving.audiences.query.scores_table import ID_COLUMN, ScoresFile, open_scores
from serving.canonical_ids import CanonicalIds
from serving.interfaces import ActiveRelease
from serving.moments import resolve_instant
from serving.observability.clock import PinnedClock
from serving.observability.json_logs import json_log
from serving.observability.metrics import Metrics
from serving.predictions.consent_gate import UNKNOWN_CUSTOMER, ConsentGate
from serving.predictions.micro_batching import MicroBatcher
from serving.predictions.prediction_service import PredictionService
from serving.predictions.predictor import Predictor
from serving.problems import Problem
from serving.releases.publication_loader import PublicationLoader
from serving.schemas.predictions import PARTS, PredictionRequest
from serving.segments.segment_lookup import SegmentLookup
from training.models import load_release

MAX_SUGGESTIONS = 3
_CANDIDATES = 20  # similar ids, of which those without consent are left out


class NotAnswerable(FlywheelError):
    """The request is invalid, or its instant is before the features."""


@dataclass(frozen=True)
class Explanation:
    """The answer of one customer as the HTTP service gives it, and what only the command line adds."""

    answer: dict[str, Any]
    is_erased: bool  # the service answers an erased customer like an unknown one
    similar_ids: Sequence[str]  # customers who may be meant, for an unknown one
    ended_log: str = ""  # the remedy where the log ended too long ago; empty otherwise


def run(home: Home, customer_ids: Sequence[str], now: datetime) -> list[Explanation]:
    """Explain customers at an instant, with all parts of the answer; a naive ``now`` is the shop's wall clock.

    Raises:
        NotFound: the home has no champion.
        NotAnswerable: an id is invalid, or the features are from after that instant.
        CorruptRelease: the champion's files are damaged.
    """
    version = home.required_champion()
    release, ledger = load_release(home.releases / version), home.ledger()
    store = open_store(resolve_location(home.online, home.folder))
    active, publications = ActiveRelease(release, store.reader(release.views)), PublicationLoader.of_store(store)
    publications.poll()
    service = _open_service(home, active, publications.current, ledger, PinnedClock(now))
    zone = ZoneInfo(release.metadata.timezone)
    instant = resolve_instant(now, zone)
    ended_log = ended_log_remedy(publications.current, local_day(instant, zone), zone)
    explanations = [_explain(home, service, ledger, customer_id, instant) for customer_id in customer_ids]
    return [replace(explanation, ended_log=ended_log) for explanation in explanations]


def ended_log_remedy(publication: Publication | None, today: date, zone: ZoneInfo) -> str:
    """What helps where the log ended longer ago than its answers hold; empty otherwise."""
    if publication is None or not publication.has_ended(today):
        return ""
    day = max(publication.last_day + timedelta(days=1), local_day(publication.features_at, zone))
    return (
        f"The log ends on {publication.last_day}, {publication.silence_days(today):,} silent days before {today}; its "
        f"answers hold up to {publication.silence_limit:,}. For the answers as of its end, add `--as-of {day}`; if the "
        "shop goes on, export the log again, then `flywheel run`."
    )


def _open_service(
    home: Home, active: ActiveRelease, publication: Publication | None, ledger: Ledger, clock: PinnedClock
) -> PredictionService:
    """The prediction service of one release, without HTTP."""
    consent_gate = ConsentGate(ledger)
    predictor = Predictor(clock, SegmentLookup(ScoresFile(home.scores), consent_gate), Metrics(), json_log(clock))
    batcher = MicroBatcher(predictor.predict_batch)
    canonical_ids = CanonicalIds(ledger)
    canonical_ids.poll()
    return PredictionService(
        lambda: active, lambda: publication, clock, consent_gate, predictor, batcher, canonical_ids
    )


def _explain(home: Home, service: PredictionService, ledger: Ledger, customer_id: str, instant: int) -> Explanation:
    """Explain one customer, as ``GET /v1/customers/{id}/predictions`` with every part included."""
    try:
        request = PredictionRequest(customer_ids=[customer_id], include=list(PARTS))
        (answer,) = asyncio.run(service.predict(request, all_day=True))
    except ValidationError as error:
        reasons = "; ".join(message(fault) for fault in error.errors())
        raise NotAnswerable(f"{customer_id[:40]!r} is no customer id: {reasons}.") from None
    except Problem as error:
        raise NotAnswerable(error.detail) from None
    is_erased = ledger.statuses([service.canonical_id(customer_id)], instant) == [ConsentStatus.ERASED]
    is_unknown = answer["status"] == UNKNOWN_CUSTOMER and not is_erased
    return Explanation(answer, is_erased, _suggestions(home, ledger, customer_id, instant) if is_unknown else ())


def _suggestions(home: Home, ledger: Ledger, customer_id: str, instant: int) -> list[str]:
    """Similar ids of scored customers who may be profiled now."""
    if not home.scores.is_file():
        return []
    known_ids = open_scores(home.scores).read([ID_COLUMN])[ID_COLUMN]
    candidates = similar_ids(customer_id, known_ids, _CANDIDATES)
    statuses = ledger.statuses(candidates, instant)
    granted = [id_ for id_, status in zip(candidates, statuses, strict=True) if status is ConsentStatus.GRANTED]
    return granted[:MAX_SUGGESTIONS]
