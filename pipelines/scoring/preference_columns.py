"""When, where and with what to reach each customer, and for what price they come: columns beside the scores."""

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
    """Columns in the order of the customers; why those of a family are null, by the family's name."""

    columns: Columns
    null_reasons: Mapping[str, str]


def preference_columns(config: ShopConfig, history: History, cutoff: Cutoff, customers: pa.Array) -> Columns:
    """The columns of ``training.segments.preferences``, one value per customer, in the order given.

    Everybody known at the cutoff is learned from, whoever is asked about; who is not known is told the population's
    habits. However many customers there are, DuckDB sees the lines of some of them at a time.

    Args:
        config: the shop.
        history: its log.
        cutoff: nothing from there on is looked at.
        customers: (n,) ids, each once.
    """
    return compute_preferences(config, history, cutoff, customers).columns


def compute_preferences(config: ShopConfig, history: History, cutoff: Cutoff, customers: pa.Array) -> PreferenceColumns:
    """The same columns, and why some of them are null."""
    everybody = _all_customers(history.before(cutoff), customers.cast(pa.string()))
    columns: Columns = {}
    gaps: dict[str, str] = {}
    if len(everybody) == 0:
        return PreferenceColumns(
            {one.name: pa.nulls(0, one.type) for family in COLUMN_FAMILIES.values() for one in family}, gaps
        )
    said = _preference_inputs(config, history, cutoff, everybody)
    place = None if everybody.equals(customers) else pc.index_in(customers.cast(pa.string()), everybody)
    for family, told in _FAMILIES.items():
        found = told(said)
        if isinstance(found, str):
            gaps[family] = found
            columns |= {one.name: pa.nulls(len(customers), one.type) for one in COLUMN_FAMILIES[family]}
        else:
            columns |= {name: one if place is None else one.take(place) for name, one in found.items()}
    return PreferenceColumns(columns, gaps)


@dataclass(frozen=True)
class _PreferenceInputs:
    counts: PreferenceCounts
    vocabulary: Vocabulary
    price_signals: Sequence[str]


def _all_customers(history: History, customers: pa.Array) -> pa.Array:
    """The ids known or asked about, ascending."""
    ids = history.lines.select("customer_id").distinct()
    if history.events is not None:
        ids = ids.union(history.events.select("customer_id"), distinct=True)
    found = ids.to_pyarrow()["customer_id"].combine_chunks()
    new = customers.filter(pc.invert(pc.is_in(customers, value_set=found)))
    return pc.take(both := pa.concat_arrays([found, new]), pc.array_sort_indices(both))


def _preference_inputs(config: ShopConfig, history: History, cutoff: Cutoff, customers: pa.Array) -> _PreferenceInputs:
    known, events = history.before(cutoff), config.events
    kinds = () if events is None else events.contact_kinds
    clock, words = (
        TimeOfDayAvailability.from_history(history, cutoff, kinds, config.zone),
        Vocabulary.from_history(known),
    )
    shop = CountQuery(history, cutoff, events, clock, words)
    return _PreferenceInputs(shop.count(customers), words, discount_signals(known, shop.redemption_kinds))


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
    tally, words = inputs.counts, inputs.vocabulary
    if len(tally.touches.row):
        candidates = rate_candidates(
            tally.touch_responses, tally.touches, fit_beta_binomial(tally.touch_responses, tally.touches)
        )
        found = rank_preferences(tally.touches.customers, len(words.touch_channels), candidates)
        return _ranking_columns("channel", found, words.touch_channels)
    if not len(tally.channels.row):
        return "neither touches nor orders nor events name a channel"
    candidates = share_candidates(tally.channels, concentrations(tally.channels))
    return _ranking_columns(
        "channel", rank_preferences(tally.channels.customers, len(words.channels), candidates), words.channels
    )


def _category_columns(inputs: _PreferenceInputs) -> Columns | str:
    mine, orders = inputs.counts.categories, inputs.counts.orders
    if not len(mine.row):
        return (
            "no order of a category was known at the cutoff"
            if inputs.vocabulary.categories
            else "orders have no category"
        )
    candidates = frequency_candidates(mine, orders, fit_beta_binomial(mine, orders), MAX_RANKED_CATEGORIES)
    return _ranking_columns(
        "category", rank_preferences(mine.customers, MAX_RANKED_CATEGORIES, candidates), inputs.vocabulary.categories
    )


def _price_columns(inputs: _PreferenceInputs) -> Columns | str:
    tally = inputs.counts
    if not inputs.price_signals:
        return "the log has no discounts, no coupons and no redemptions"
    if not len(tally.orders.row):
        return "no order was known at the cutoff"
    prior = fit_beta_binomial(tally.discounted_orders, tally.orders)
    found, orders, late = (one.to_dense()[:, 0] for one in (tally.discounted_orders, tally.orders, tally.recent_orders))
    share = beta_interval(*prior.posterior(np.zeros(len(found), np.int32), found, orders))
    columns = {"price_sensitivity": pa.array(share.mean)} | _interval_columns("price_sensitivity", share)
    return columns | {
        "price_sensitivity_evidence": _evidence_column(orders > prior.weight[0]),
        "discounted_orders_91d": pa.array(share.mean * late),
        "preset_segment_price_sensitive": pa.array(share.p10 > prior.mean[0]),
    }


def _interval_columns(name: str, share: BetaInterval) -> Columns:
    return {f"{name}_p10": pa.array(share.p10), f"{name}_p90": pa.array(share.p90)}


def _evidence_column(has_own_evidence: Booleans) -> pa.Array:
    return pa.array([EVIDENCE_POPULATION, EVIDENCE_CUSTOMER]).take(pa.array(has_own_evidence.astype(np.int8)))


def _ranking_columns(name: str, ranking: RankedPreferences, vocabulary: Sequence[str]) -> Columns:
    said = {
        f"{name}_ranking": pa.array(vocabulary, pa.string()).take(pa.array(ranking.value)),
        f"{name}_affinity": pa.array(ranking.share.mean),
        **_interval_columns(name, ranking.share),
    }
    offsets = pa.array(ranking.offsets)
    lists = {column: pa.ListArray.from_arrays(offsets, values) for column, values in said.items()}
    return lists | {f"{name}_evidence": _evidence_column(ranking.has_own_evidence)}


_FAMILIES: Mapping[str, Callable[[_PreferenceInputs], Columns | str]] = {
    "preferred_hour": _hour_columns,
    "preferred_weekday": _weekday_columns,
    "channel": _channel_columns,
    "category": _category_columns,
    "price": _price_columns,
}
