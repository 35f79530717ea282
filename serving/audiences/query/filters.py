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
        self._node, self.columns, self._zone, self._id_case = node, columns, zone, id_case
        self._problems: list[FieldProblem] = []
        self._comparisons: dict[int, Comparison] = {}
        if node is not None:
            self._check(node, "filter")
        if self._problems:
            raise InvalidAudienceRequest.from_errors(self._problems)

    def mask(self) -> Booleans:
        """Return the selected customers, (customers,)."""
        all_customers = np.ones(len(self.columns), np.bool_)
        return all_customers if self._node is None else self.node_mask(self._node)

    def mask_without(self, column: str) -> Booleans:
        """Return the customers selected by all conditions except those on one column, (customers,).

        Left out is what every member must fulfil and what compares nothing but this column.
        """
        mask = np.ones(len(self.columns), np.bool_)
        for node in self.required_nodes():
            if _compared_columns(node) != {column}:
                mask &= self.node_mask(node)
        return mask

    def required_nodes(self) -> list[Node]:
        """Return the nodes that every member must fulfil, in order: those of ``all`` at the top, or the filter."""
        return [] if self._node is None else _required_nodes(self._node)

    def notes(self, reachable: Booleans, at_least: int = 1) -> list[str]:
        """Return a sentence for each condition that compares with values that nobody has.

        Args:
            reachable: the customers who may be approached, (customers,); others count as absent.
            at_least: the number of reachable customers below whom a value counts as absent.
        """
        present = PresentValues(self.columns, reachable, at_least)
        notes = (absent_value_note(comparison, present) for comparison in self._comparisons.values())
        return [note for note in dict.fromkeys(notes) if note][:MAX_LISTED_FIELDS]

    def _check(self, node: Node, path: str) -> None:
        if isinstance(node, Condition):
            comparison = build_comparison(node, self.columns.column_types, self._zone, path, self._id_case)
            if isinstance(comparison, Comparison):
                self._comparisons[id(node)] = comparison
            else:
                self._problems += comparison
        elif isinstance(node, NotOf):
            self._check(node.node, f"{path}.not")
        else:
            for index, child in enumerate(node.nodes):
                self._check(child, f"{path}.{node.keyword}[{index}]")

    def node_mask(self, node: Node) -> Booleans:
        """Return the customers who fulfil a node of this filter, (customers,)."""
        if isinstance(node, Condition):
            return self._comparisons[id(node)].mask(self.columns)
        if isinstance(node, NotOf):
            return ~self.node_mask(node.node)
        return self._combine(node)

    def _combine(self, node: AllOf | AnyOf) -> Booleans:
        """Combine one mask at a time, so that a thousand conditions need no more memory than two."""
        join = np.logical_and if isinstance(node, AllOf) else np.logical_or
        nodes = cast("Sequence[Node]", node.nodes)
        return reduce(
            lambda combined, child: join(combined, self.node_mask(child)), nodes[1:], self.node_mask(nodes[0])
        )


def _required_nodes(node: Node) -> list[Node]:
    if isinstance(node, AllOf):
        return [required for child in cast("Sequence[Node]", node.nodes) for required in _required_nodes(child)]
    return [node]


def _compared_columns(node: Node) -> set[str]:
    """Return the columns that a node compares."""
    if isinstance(node, Condition):
        return {node.column}
    if isinstance(node, NotOf):
        return _compared_columns(node.node)
    return set().union(*(_compared_columns(child) for child in cast("Sequence[Node]", node.nodes)))
