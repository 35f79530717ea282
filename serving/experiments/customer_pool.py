"""Customer pool: who of the scored customers fulfils an experiment's filter, and what is known of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import orjson

from features.arrays import Booleans, RowIndices
from features.canonical_form import IdCase
from serving.audiences.canonical_request import with_canonical_words
from serving.audiences.errors import InvalidAudienceRequest, suggestions
from serving.audiences.query.column_store import Column, NumericColumn
from serving.audiences.query.column_types import ColumnKind
from serving.audiences.query.filters import Filter
from serving.audiences.query.id_lookup import id_lookup
from serving.audiences.query.scores_table import ID_COLUMN, Columns, ScoresFile
from serving.audiences.query.text_columns import DictionaryColumn
from serving.audiences.request_parsing import parse_request
from serving.audiences.schema import AllOf, AnyOf, AudienceRequest, Condition, Node, NotOf
from serving.audiences.scoring_context import audience_context, scoring_release
from serving.experiments.predicted_means import nearest_prediction
from serving.schemas.predictions import FieldProblem
from training.experiments.record.experiment import Eligibility, Experiment, MetricKind

_MAX_MASKS = 64  # filters whose masks are kept, a byte for each customer


@dataclass(frozen=True, kw_only=True)
class ScoredFields:
    """What the scores table says of a customer at a decision; all None without consent to profiling."""

    segment: str | None = None
    prediction_id: str | None = None
    release: str | None = None
    predicted_orders: float | None = None
    predicted_spend: float | None = None


class ScoredCustomers:
    """The customers of one version of the scores table."""

    def __init__(self, columns: Columns, home: Path) -> None:
        self.columns = columns
        self._home = home
        self._find_row = id_lookup(columns.ids)
        self._masks: dict[bytes, Booleans] = {}

    def rows(self, customer_ids: Sequence[str]) -> list[int | None]:
        """The row of each customer; None for one who is not scored."""
        return [self._find_row(customer_id.encode("utf-8", "surrogatepass")) for customer_id in customer_ids]

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the shop, by the release that scored."""
        return audience_context(self._home, scoring_release(self.columns)).zone

    @property
    def log_until(self) -> int:
        """The end of the log that the scores know, microseconds since 1970 UTC; else the instant of the scores."""
        for name in ("log_until", "as_of"):
            column = self._column(name)
            if isinstance(column, NumericColumn) and len(self.columns) and not column.is_null()[0]:
                return int(column.values[0])
        return 0

    def check_column(self, name: str | None) -> None:
        """Check the column of the segments of an experiment.

        Raises:
            InvalidAudienceRequest: the table has no such column, or its values are no words.
        """
        if name is None or isinstance(self._column(name), DictionaryColumn):
            return
        texts = [column for column, type_ in self.columns.column_types.items() if type_.kind is ColumnKind.TEXT]
        raise InvalidAudienceRequest.for_field(
            "segments", f"Found {name}; expected a column of words in the scores table. {suggestions(name, texts)}"
        )

    def mask(self, eligible: Eligibility, id_case: IdCase) -> Booleans:
        """The customers who fulfil a filter, (customers,), whatever they consented to.

        Raises:
            InvalidAudienceRequest: the filter does not fit the table.
        """
        key = orjson.dumps([eligible.filter, id_case])
        mask = self._masks.get(key)
        if mask is None:
            try:
                mask = Filter(eligible_request(eligible).filter, self.columns, self.zone, id_case).mask()
            except InvalidAudienceRequest as error:
                raise _below_eligible(error) from None
            if len(self._masks) >= _MAX_MASKS:
                self._masks = {}
            self._masks[key] = mask
        return mask

    def scored_fields(self, record: Experiment, rows: Sequence[int]) -> list[ScoredFields]:
        """What the table says of the customers in some rows, in their order."""
        selected = np.array(rows, np.intp)
        segments = self._values(record.segments, selected)
        fields = {
            "prediction_id": self._values("prediction_id", selected),
            "release": self._values("release", selected),
            "predicted_orders": self._predictions("orders", record.outcome.within_days, selected),
            "predicted_spend": self._predictions("spend", record.outcome.within_days, selected),
        }
        return [
            ScoredFields(
                segment=None if segment is None else str(segment),
                **{name: values[index] for name, values in fields.items()},
            )
            for index, segment in enumerate(segments)
        ]

    def _column(self, name: str) -> Column | None:
        if name not in self.columns:
            return None
        return self.columns[name]

    def _predictions(self, kind: MetricKind, days: int, rows: RowIndices) -> list[Any]:
        column = nearest_prediction(self.columns, kind, days)
        return self._values(None if column is None else column.name, rows)

    def _values(self, name: str | None, rows: RowIndices) -> list[Any]:
        if name is None or name not in self.columns:
            return [None] * len(rows)
        values: list[Any] = self.columns[name].take(rows).to_pylist()
        return values


class CustomerPool:
    """The scored customers of a home; a new scores table counts from the next call on."""

    def __init__(self, scores: ScoresFile, home: Path) -> None:
        self._scores, self._home = scores, home
        self._lock = Lock()
        self._current: ScoredCustomers | None = None

    def current(self) -> ScoredCustomers:
        """The customers of the current scores table.

        Raises:
            InvalidScores: there is none.
        """
        columns = self._scores.columns()
        with self._lock:
            if self._current is None or columns is not self._current.columns:
                self._current = ScoredCustomers(columns, self._home)
            return self._current


def eligible_request(eligible: Eligibility) -> AudienceRequest:
    """The audience request with the filter, purpose and channel of an experiment, words in canonical form.

    Raises:
        InvalidAudienceRequest: a field is invalid, or the filter names customers, which a record must not hold.
    """
    fields = {"filter": eligible.filter, "purpose": eligible.purpose, "channel": eligible.channel}
    try:
        request = with_canonical_words(parse_request(orjson.dumps(fields)))
    except orjson.JSONEncodeError as error:
        raise InvalidAudienceRequest.for_field(
            "eligible.filter", f"Found a value that JSON cannot express ({error}); expected numbers of at most 64 bits."
        ) from None
    except InvalidAudienceRequest as error:
        raise _below_eligible(error) from None
    if request.filter is not None and _names_customers(request.filter):
        raise InvalidAudienceRequest.for_field(
            "eligible.filter",
            f"Found a condition on {ID_COLUMN}; expected conditions on other columns, because the record outlives "
            "an erasure. Select customers by what they have in common.",
        )
    return request


def _names_customers(node: Node) -> bool:
    if isinstance(node, Condition):
        return node.column == ID_COLUMN
    if isinstance(node, NotOf):
        return _names_customers(node.node)
    return any(map(_names_customers, node.nodes)) if isinstance(node, AllOf | AnyOf) else False


def _below_eligible(error: InvalidAudienceRequest) -> InvalidAudienceRequest:
    """The error with its fields as they are named in the record of an experiment."""
    return InvalidAudienceRequest.from_errors(
        [FieldProblem(field=f"eligible.{problem.field}", reason=problem.reason) for problem in error.errors]
    )
