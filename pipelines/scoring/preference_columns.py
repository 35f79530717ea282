"""Preference columns: preferred hours, weekdays, channels, categories and price sensitivity of each customer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.aggregates.discounts import discount_signals
from features.aggregates.visit_times import TimeOfDayAvailability
from features.arrays import Booleans
from features.config.shop import ShopConfig
from features.history import Cutoff, History
from pipelines.scoring.preference_counts import CountQuery, PreferenceCounts, Vocabulary
from training.preferences.beta_binomial import fit_beta_binomial
from training.preferences.beta_interval import BetaInterval, beta_interval
from training.preferences.counts import SparseCounts
from training.preferences.dirichlet_prior import concentrations
from training.preferences.ranking import (
    RankedPreferences,
    difference_candidates,
    frequency_candidates,
    rank_preferences,
    rate_candidates,
    share_candidates,
)
from training.preferences.time_windows import preferred_windows
from training.segments.preferences import COLUMN_FAMILIES, EVIDENCE_CUSTOMER, EVIDENCE_POPULATION

MAX_RANKED_CATEGORIES = 5  # ranked for each customer

Columns = dict[str, pa.Array]


@dataclass(frozen=True)
class PreferenceColumns:
    """The preference columns, one value per customer, and the reason for each family of columns that is null."""

    columns: Columns
    null_reasons: Mapping[str, str]


def preference_columns(config: ShopConfig, history: History, cutoff: Cutoff, customers: pa.Array) -> Columns:
    """The columns of ``training.segments.preferences``, one value per customer, in the order given.

    The priors are learned from every customer known at the cutoff; an unknown customer gets the preferences of the
    population. DuckDB reads the lines of a batch of customers at a time.

    Args:
        config: the configuration of the shop.
        history: its log.
        cutoff: the instant from which on nothing is read.
        customers: (n,) ids, each once.
    """
    return compute_preferences(config, history, cutoff, customers).columns


def compute_preferences(config: ShopConfig, history: History, cutoff: Cutoff, customers: pa.Array) -> PreferenceColumns:
    """The columns of ``preference_columns``, and the reasons why families of them are null."""
    known = _all_customers(history.before(cutoff), customers.cast(pa.string()))
    columns: Columns = {}
    null_reasons: dict[str, str] = {}
    if len(known) == 0:
        return PreferenceColumns(
            {spec.name: pa.nulls(0, spec.type) for family in COLUMN_FAMILIES.values() for spec in family}, null_reasons
        )
    inputs = _preference_inputs(config, history, cutoff, known)
    index = None if known.equals(customers) else pc.index_in(customers.cast(pa.string()), known)
    for family, compute in _FAMILIES.items():
        result = compute(inputs)
        if isinstance(result, str):
            null_reasons[family] = result
            columns |= {spec.name: pa.nulls(len(customers), spec.type) for spec in COLUMN_FAMILIES[family]}
        else:
            columns |= {name: column if index is None else column.take(index) for name, column in result.items()}
    return PreferenceColumns(columns, null_reasons)


@dataclass(frozen=True)
class _PreferenceInputs:
    counts: PreferenceCounts
    vocabulary: Vocabulary
    price_signals: Sequence[str]


def _all_customers(history: History, customers: pa.Array) -> pa.Array:
    """The ids of the history and the requested ones, ascending."""
    ids = history.lines.select("customer_id").distinct()
    # Who was touched and never ordered counts too, or every rate of answers would be that of those who answered.
    for table in (table for table in (history.events, history.touches) if table is not None):
        ids = ids.union(table.select("customer_id"), distinct=True)
    known = ids.to_pyarrow()["customer_id"].combine_chunks()
    new = customers.filter(pc.invert(pc.is_in(customers, value_set=known)))
    return pc.take(both := pa.concat_arrays([known, new]), pc.array_sort_indices(both))


def _preference_inputs(config: ShopConfig, history: History, cutoff: Cutoff, customers: pa.Array) -> _PreferenceInputs:
    known, events = history.before(cutoff), config.events
    kinds = () if events is None else events.contact_kinds
    time_of_day, vocabulary = (
        TimeOfDayAvailability.from_history(history, cutoff, kinds, config.zone),
        Vocabulary.from_history(known),
    )
    query = CountQuery(history, cutoff, events, time_of_day, vocabulary)
    return _PreferenceInputs(query.count(customers), vocabulary, discount_signals(known, query.redemption_kinds))


def _hour_columns(inputs: _PreferenceInputs) -> Columns | str:
    if not len(inputs.counts.hours.row):
        return "no order or event has a time of day: the log has dates alone"
    return _window_columns("preferred_hour", inputs.counts.hours, 2)


def _weekday_columns(inputs: _PreferenceInputs) -> Columns | str:
    if not len(inputs.counts.weekdays.row):
        return "no order or event was known at the cutoff"
    return _window_columns("preferred_weekday", inputs.counts.weekdays, 1)


def _window_columns(name: str, counts: SparseCounts, width: int) -> Columns:
    best = preferred_windows(counts, concentrations(counts), width)
    columns = {name: pa.array(best.first, pa.int8()), f"{name}_share": pa.array(best.share.mean)}
    return columns | _interval_columns(name, best.share) | {f"{name}_evidence": _evidence_column(best.has_own_evidence)}


def _channel_columns(inputs: _PreferenceInputs) -> Columns | str:
    counts, vocabulary = inputs.counts, inputs.vocabulary
    if len(counts.touches.row):
        responses, touches = counts.touch_responses, counts.touches
        prior = fit_beta_binomial(responses, touches)
        candidates = (
            difference_candidates(responses, touches, prior, counts.touch_rates)
            if counts.touch_rates.has_both.all()
            else rate_candidates(responses, touches, prior)
        )
        ranking = rank_preferences(counts.touches.customers, len(vocabulary.touch_channels), candidates)
        return _ranking_columns("channel", ranking, vocabulary.touch_channels)
    if not len(counts.channels.row):
        return "neither touches nor orders nor events name a channel"
    candidates = share_candidates(counts.channels, concentrations(counts.channels))
    return _ranking_columns(
        "channel",
        rank_preferences(counts.channels.customers, len(vocabulary.channels), candidates),
        vocabulary.channels,
    )


def _category_columns(inputs: _PreferenceInputs) -> Columns | str:
    categories, orders = inputs.counts.categories, inputs.counts.orders
    if not len(categories.row):
        return (
            "no order of a category was known at the cutoff"
            if inputs.vocabulary.categories
            else "orders have no category"
        )
    candidates = frequency_candidates(categories, orders, fit_beta_binomial(categories, orders), MAX_RANKED_CATEGORIES)
    return _ranking_columns(
        "category",
        rank_preferences(categories.customers, MAX_RANKED_CATEGORIES, candidates),
        inputs.vocabulary.categories,
    )


def _price_columns(inputs: _PreferenceInputs) -> Columns | str:
    counts = inputs.counts
    if not inputs.price_signals:
        return "the log has no discounts, no coupons and no redemptions"
    if not len(counts.orders.row):
        return "no order was known at the cutoff"
    prior = fit_beta_binomial(counts.discounted_orders, counts.orders)
    discounted, orders, recent = (
        count.to_dense()[:, 0] for count in (counts.discounted_orders, counts.orders, counts.recent_orders)
    )
    share = beta_interval(*prior.posterior(np.zeros(len(discounted), np.int32), discounted, orders))
    columns = {"price_sensitivity": pa.array(share.mean)} | _interval_columns("price_sensitivity", share)
    return columns | {
        "price_sensitivity_evidence": _evidence_column(orders > prior.weight[0]),
        "discounted_orders_91d": pa.array(share.mean * recent),
        "preset_segment_price_sensitive": pa.array(share.p10 > prior.mean[0]),
    }


def _interval_columns(name: str, share: BetaInterval) -> Columns:
    return {f"{name}_p10": pa.array(share.p10), f"{name}_p90": pa.array(share.p90)}


def _evidence_column(has_own_evidence: Booleans) -> pa.Array:
    return pa.array([EVIDENCE_POPULATION, EVIDENCE_CUSTOMER]).take(pa.array(has_own_evidence.astype(np.int8)))


def _ranking_columns(name: str, ranking: RankedPreferences, vocabulary: Sequence[str]) -> Columns:
    members = {
        f"{name}_ranking": pa.array(vocabulary, pa.string()).take(pa.array(ranking.value)),
        f"{name}_affinity": pa.array(ranking.share.mean),
        **_interval_columns(name, ranking.share),
    }
    offsets = pa.array(ranking.offsets)
    lists = {column: pa.ListArray.from_arrays(offsets, values) for column, values in members.items()}
    return lists | {f"{name}_evidence": _evidence_column(ranking.has_own_evidence)}


_FAMILIES: Mapping[str, Callable[[_PreferenceInputs], Columns | str]] = {
    "preferred_hour": _hour_columns,
    "preferred_weekday": _weekday_columns,
    "channel": _channel_columns,
    "category": _category_columns,
    "price": _price_columns,
}
