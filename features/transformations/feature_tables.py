"""Feature tables: every feature view at every cutoff, one parquet file each (the offline build)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import ibis.expr.types as ir

from features.config.sources import EventsSource
from features.history import Cutoff, History
from features.storage.atomic_files import atomic_write
from features.transformations.behaviour import behaviour, behaviour_view
from features.transformations.categories import CATEGORIES, categories
from features.transformations.feedback import FEEDBACK, feedback
from features.transformations.social import social, social_view
from features.transformations.transactions import transactions, transactions_view
from features.views import View

ROW_GROUP_SIZE = 20_480


def feature_views(history: History, events: EventsSource | None) -> tuple[View, ...]:
    """The views that this shop's log can fill; the first has a row for every known customer."""
    views = [transactions_view(history)]
    if history.has_categories:
        views.append(CATEGORIES)
    if events is not None and events.behaviour:
        views.append(behaviour_view(events))
    if events is not None and events.social:
        views.append(social_view(events))
    if history.feedback is not None:
        views.append(FEEDBACK)
    return tuple(views)


def write_tables(history: History, events: EventsSource | None, cutoffs: Sequence[Cutoff], folder: Path) -> None:
    """Write one row per customer and cutoff to ``<folder>/<view>.parquet``; each file is replaced by an atomic write.

    Raises:
        NotFound: the configuration lists event kinds, and no events were ingested.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_parquet(transactions(history, cutoffs), folder / "transactions.parquet")
    if history.has_categories:
        write_parquet(categories(history, cutoffs), folder / f"{CATEGORIES.name}.parquet")
    if events is not None and events.behaviour:
        write_parquet(behaviour(history, cutoffs, events), folder / "behaviour.parquet")
    if events is not None and events.social:
        write_parquet(social(history, cutoffs, events), folder / "social.parquet")
    if history.feedback is not None:
        write_parquet(feedback(history, cutoffs), folder / f"{FEEDBACK.name}.parquet")


def write_parquet(table: ir.Table, path: Path) -> None:
    """Write one view's table, sorted by cutoff and customer."""
    ordered = table.order_by(["event_timestamp", "customer_id"])
    # DuckDB sorts on disk what does not fit into memory; small row groups let a slice of customers be read alone.
    with atomic_write(path) as temporary:
        ordered.to_parquet(temporary, row_group_size=ROW_GROUP_SIZE)
