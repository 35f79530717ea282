"""Filters: all conditions are checked against the table's columns, then evaluated as boolean masks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import cast
from zoneinfo import ZoneInfo

import numpy as np

from features.arrays import Booleans
from features.canonical_form import IdCase
from serving.audiences.errors import InvalidAudienceRequest
from serving.audiences.query.absent_values import PresentValues, absent_value_note
from serving.audiences.query.comparisons import Comparison, build_comparison
from serving.audiences.query.scores_table import Columns
from serving.audiences.schema import AllOf, AnyOf, Condition, Node, NotOf
from serving.invalid_fields import MAX_LISTED_FIELDS
from serving.schemas.predictions import FieldProblem


class Filter:
    """A filter that fits one table."""

    def __init__(self, node: Node | None, columns: Columns, zone: ZoneInfo, id_case: IdCase = "keep") -> None:
        """Check every condition.

        Args:
            node: the filter; None selects all customers.
            columns: the table.
            zone: the shop's time zone, for instants given as plain dates.
            id_case: whether ids that differ by case only are the same customer.

        Raises:
            InvalidAudienceRequest: names every field that does not fit the table.
        """
        self._node, self._columns, self._zone, self._id_case = node, columns, zone, id_case
        self._problems: list[FieldProblem] = []
        self._comparisons: dict[int, Comparison] = {}
        if node is not None:
            self._check(node, "filter")
        if self._problems:
            raise InvalidAudienceRequest.from_errors(self._problems)

    def mask(self) -> Booleans:
        """Return the selected customers, (customers,)."""
        all_customers = np.ones(len(self._columns), np.bool_)
        return all_customers if self._node is None else self._mask(self._node)

    def notes(self, reachable: Booleans, at_least: int = 1) -> list[str]:
        """Return a sentence for each condition that compares with values that nobody has.

        Args:
            reachable: the customers who may be approached, (customers,); others count as absent.
            at_least: the number of reachable customers below whom a value counts as absent.
        """
        present = PresentValues(self._columns, reachable, at_least)
        notes = (absent_value_note(comparison, present) for comparison in self._comparisons.values())
        return [note for note in dict.fromkeys(notes) if note][:MAX_LISTED_FIELDS]

    def _check(self, node: Node, path: str) -> None:
        if isinstance(node, Condition):
            comparison = build_comparison(node, self._columns.column_types, self._zone, path, self._id_case)
            if isinstance(comparison, Comparison):
                self._comparisons[id(node)] = comparison
            else:
                self._problems += comparison
        elif isinstance(node, NotOf):
            self._check(node.node, f"{path}.not")
        else:
            for index, child in enumerate(node.nodes):
                self._check(child, f"{path}.{node.keyword}[{index}]")

    def _mask(self, node: Node) -> Booleans:
        if isinstance(node, Condition):
            return self._comparisons[id(node)].mask(self._columns)
        if isinstance(node, NotOf):
            return ~self._mask(node.node)
        return self._combine(node)

    def _combine(self, node: AllOf | AnyOf) -> Booleans:
        """Combine one mask at a time, so that a thousand conditions need no more memory than two."""
        join = np.logical_and if isinstance(node, AllOf) else np.logical_or
        nodes = cast("Sequence[Node]", node.nodes)
        return reduce(lambda combined, child: join(combined, self._mask(child)), nodes[1:], self._mask(nodes[0]))
