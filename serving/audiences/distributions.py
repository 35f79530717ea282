"""Distributions of an audience: histograms of the filter without one column, and the counts after each condition."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
from pydantic import JsonValue

from features.arrays import Booleans
from features.calendar import day_from_number
from serving.audiences.distribution_schema import BinEdge, FunnelStep, Histogram, HistogramBin, HistogramRequest
from serving.audiences.errors import InvalidAudienceRequest, suggestions
from serving.audiences.query.column_store import NumericColumn
from serving.audiences.query.column_types import ORDERED_KINDS, ColumnKind
from serving.audiences.query.filters import Filter
from serving.audiences.query.histograms import count_bins
from serving.audiences.query.scores_table import Columns
from serving.moments import rfc3339


def check_histograms(requests: Sequence[HistogramRequest], columns: Columns) -> None:
    """Reject a column that is missing or has no order.

    Raises:
        InvalidAudienceRequest: the column cannot be counted in bins.
    """
    for index, request in enumerate(requests):
        name, types = request.column, columns.column_types
        if name not in types:
            reason = f"Found {name}, which is not a column of the scores table. {suggestions(name, types)}"
        elif types[name].kind not in ORDERED_KINDS:
            reason = f"Found {name}, {types[name]}; expected one of numbers, dates or instants."
        else:
            continue
        raise InvalidAudienceRequest.for_field(f"histogram[{index}].column", reason)


def histograms(
    requests: Sequence[HistogramRequest], audience_filter: Filter, approachable: Booleans, smallest: int
) -> list[Histogram]:
    """Return the requested histograms of the customers who may be approached, (customers,)."""
    return [_histogram(request, audience_filter, approachable, smallest) for request in requests]


def funnel(audience_filter: Filter, approachable: Booleans, smallest: int) -> list[FunnelStep]:
    """Return how many of the customers who may be approached, (customers,), each condition in order leaves."""
    remaining = approachable
    steps = [FunnelStep(condition=None, count=told_count(remaining, smallest))]
    for node in audience_filter.required_nodes():
        remaining = remaining & audience_filter.node_mask(node)
        condition: JsonValue = node.model_dump(mode="json", by_alias=True, exclude_unset=True)
        steps.append(FunnelStep(condition=condition, count=told_count(remaining, smallest)))
    return steps


def told_count(mask: Booleans, smallest: int) -> int | None:
    """Return how many customers a mask selects; None for fewer than ``smallest``."""
    count = int(np.count_nonzero(mask))
    return count if count >= smallest else None


def edge_value(number: float, kind: ColumnKind) -> BinEdge:
    """Return a number, day or instant of the store in the form in which a column is compared."""
    if kind is ColumnKind.DATE:
        return day_from_number(int(number)).isoformat()
    return rfc3339(int(number)) if kind is ColumnKind.INSTANT else number


def _histogram(request: HistogramRequest, audience_filter: Filter, approachable: Booleans, smallest: int) -> Histogram:
    columns = audience_filter.columns
    column, kind = cast("NumericColumn", columns[request.column]), columns.column_types[request.column].kind
    selected = audience_filter.mask_without(request.column) & approachable
    binned = count_bins(column, approachable, selected, request.bins, smallest)
    bins = []
    if binned is not None:
        edges = [edge_value(edge, kind) for edge in binned.edges.tolist()]
        bins = [
            HistogramBin(at_least=edges[index], below=edges[index + 1], count=count)
            for index, count in enumerate(binned.counts.tolist())
        ]
    without_value = told_count(selected & column.is_null(), smallest)
    return Histogram(column=request.column, bins=bins, without_value=without_value)
