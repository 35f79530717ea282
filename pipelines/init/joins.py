"""Joins: which of several files has the lines of orders, and which others are joined to it by shared keys."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from pipelines.init.column_names import normalize_name
from pipelines.init.export_files import join_exports
from pipelines.init.raw_export import RawExport, count_distinct

MIN_MATCH = 0.5  # of the values in the sample that the other file knows
_KEY_WORDS = re.compile(r"(^| )(id|key|no|nr|number|code|编号|编码)$|(id|编号|编码|号)$")


@dataclass(frozen=True)
class JoinStep:
    """A file whose columns are joined: each line of the table has at most one line in it."""

    export: RawExport
    keys: tuple[tuple[str, str], ...]  # a column of the table, and the one of this file

    @property
    def key_texts(self) -> list[str]:
        """The keys as flywheel.toml writes them."""
        return [left if left == right else f"{left} = {right}" for left, right in self.keys]


@dataclass(frozen=True)
class JoinPlan:
    """A table of lines, the files joined to it in turn, and all their columns in one view."""

    base: RawExport
    steps: tuple[JoinStep, ...]
    joined: RawExport


def join_plans(connection: duckdb.DuckDBPyConnection, exports: Sequence[RawExport]) -> list[JoinPlan]:
    """For each export as the base, the files that can be joined to it; the plans with most files come first."""
    plans = [_plan(connection, base, [each for each in exports if each is not base]) for base in exports]
    return sorted(plans, key=lambda plan: (-len(plan.steps), -plan.base.lines))


def _plan(connection: duckdb.DuckDBPyConnection, base: RawExport, others: Sequence[RawExport]) -> JoinPlan:
    joined, steps, waiting = base, [], list(others)
    while step := next((step for other in waiting if (step := _find_step(connection, joined, other))), None):
        steps.append(step)
        waiting.remove(step.export)
        joined = join_exports(connection, joined, step.export, step.keys)
    return JoinPlan(base, tuple(steps), joined)


def _find_step(connection: duckdb.DuckDBPyConnection, table: RawExport, other: RawExport) -> JoinStep | None:
    """The join by one column whose values are unique in the other file and known there, or None."""
    for left, right in _key_pairs(table, other):
        known = {text for text in other.sample[right] if text}
        values = {text for text in table.sample[left] if text}
        if not values or not known:
            continue
        (different,) = count_distinct(connection, other, [right])
        if different == other.lines and _match_share(connection, table, left, other, right) >= MIN_MATCH:
            return JoinStep(other, ((left, right),))
    return None


def _key_pairs(table: RawExport, other: RawExport) -> list[tuple[str, str]]:
    """Pairs of columns that may be one key: of the same name, or ``customer_id`` and the ``id`` of customers.csv."""
    names = {normalize_name(column): column for column in other.columns}
    pairs = [(column, names[name]) for column in table.columns if (name := normalize_name(column)) in names]
    pairs = [pair for pair in pairs if _KEY_WORDS.search(normalize_name(pair[0]))]
    if "id" in names:
        stem = normalize_name(other.files[0].stem if other.sheet is None else other.sheet)
        for column in table.columns:
            owner = re.sub(r" (id|key)$", "", normalize_name(column))
            if owner != normalize_name(column) and (owner in stem or stem.rstrip("s") in owner):
                pairs.append((column, names["id"]))
        pairs.append(("user_id", names["id"])) if "user_id" in table.columns and "user" in stem else None
    return pairs


def _match_share(
    connection: duckdb.DuckDBPyConnection, table: RawExport, left: str, other: RawExport, right: str
) -> float:
    values = {text for text in table.sample[left] if text}
    known = {text for text in other.sample[right] if text}
    if len(values & known) >= MIN_MATCH * len(values):
        return 1.0
    from features.storage.sql_quoting import quote_identifier

    pair = (
        f"SELECT avg(CASE WHEN known.value IS NULL THEN 0 ELSE 1 END) FROM (SELECT DISTINCT "
        f"CAST({quote_identifier(left)} AS VARCHAR) AS value FROM {table.view} LIMIT 5000) AS values "
        f"LEFT JOIN (SELECT DISTINCT CAST({quote_identifier(right)} AS VARCHAR) AS value FROM {other.view}) AS known "
        "USING (value)"
    )
    return float(connection.execute(pair).fetchall()[0][0] or 0)
