"""When, where and with what to reach each customer, and for what price they come: columns beside the scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.aggregates.discounts import discount_signals
from features.aggregates.visit_times import Clock
from features.arrays import Booleans
from features.config.shop import Description
from features.history import Cutoff, History
from pipelines.scoring.preference_counts import Shop, Tally, Words
from training.preferences.beta_binomial import rates
from training.preferences.beta_interval import Shares, shares
from training.preferences.counts import Counts
from training.preferences.dirichlet_prior import concentrations
from training.preferences.ranking import Ranked, by_frequency, by_rate, by_share, ranked
from training.preferences.time_windows import preferred
from training.segments.preferences import EVERYBODY, FAMILIES, OWN

CATEGORIES = 5  # ranked for each customer

Columns = dict[str, pa.Array]


@dataclass(frozen=True)
class Habits:
    """Columns in the order of the customers; why those of a family are null, by the family's name."""

    columns: Columns
    gaps: Mapping[str, str]


def habit_columns(description: Description, history: History, cutoff: Cutoff, customers: pa.Array) -> Columns:
    """The columns of ``training.segments.preferences``, one value per customer, in the order given.

    Everybody known at the cutoff is learned from, whoever is asked about; who is not known is told the population's
    habits. However many customers there are, DuckDB sees the lines of some of them at a time.

    Args:
        description: the shop.
        history: its log.
        cutoff: nothing from there on is looked at.
        customers: (n,) ids, each once.
    """
    return habits(description, history, cutoff, customers).columns


def habits(description: Description, history: History, cutoff: Cutoff, customers: pa.Array) -> Habits:
    """The same columns, and why some of them are null."""
    everybody = _everybody(history.before(cutoff), customers.cast(pa.string()))
    columns: Columns = {}
    gaps: dict[str, str] = {}
    if len(everybody) == 0:
        return Habits({one.name: pa.nulls(0, one.type) for family in FAMILIES.values() for one in family}, gaps)
    said = _said(description, history, cutoff, everybody)
    place = None if everybody.equals(customers) else pc.index_in(customers.cast(pa.string()), everybody)
    for family, told in _FAMILIES.items():
        found = told(said)
        if isinstance(found, str):
            gaps[family] = found
            columns |= {one.name: pa.nulls(len(customers), one.type) for one in FAMILIES[family]}
        else:
            columns |= {name: one if place is None else one.take(place) for name, one in found.items()}
    return Habits(columns, gaps)


@dataclass(frozen=True)
class _Said:
    tally: Tally
    words: Words
    signals: Sequence[str]


def _everybody(known: History, asked: pa.Array) -> pa.Array:
    """The ids known or asked about, ascending."""
    ids = known.lines.select("customer_id").distinct()
    if known.events is not None:
        ids = ids.union(known.events.select("customer_id"), distinct=True)
    found = ids.to_pyarrow()["customer_id"].combine_chunks()
    new = asked.filter(pc.invert(pc.is_in(asked, value_set=found)))
    return pc.take(both := pa.concat_arrays([found, new]), pc.array_sort_indices(both))


def _said(description: Description, history: History, cutoff: Cutoff, everybody: pa.Array) -> _Said:
    known, events = history.before(cutoff), description.events
    kinds = () if events is None else events.contacts
    clock, words = Clock.of(history, cutoff, kinds, description.zone), Words.of(known)
    shop = Shop(history, cutoff, events, clock, words)
    return _Said(shop.tally(everybody), words, discount_signals(known, shop.redemptions))


def _hour(said: _Said) -> Columns | str:
    if not len(said.tally.hours.row):
        return "no order or event has a time of day: the log has dates alone"
    return _preferred("preferred_hour", said.tally.hours, 2)


def _weekday(said: _Said) -> Columns | str:
    if not len(said.tally.weekdays.row):
        return "no order or event was known at the cutoff"
    return _preferred("preferred_weekday", said.tally.weekdays, 1)


def _preferred(name: str, counts: Counts, width: int) -> Columns:
    best = preferred(counts, concentrations(counts), width)
    columns = {name: pa.array(best.first, pa.int8()), f"{name}_share": pa.array(best.share.mean)}
    return columns | _interval(name, best.share) | {f"{name}_rung": _rung(best.own)}


def _channel(said: _Said) -> Columns | str:
    tally, words = said.tally, said.words
    if len(tally.touches.row):
        candidates = by_rate(tally.answered, tally.touches, rates(tally.answered, tally.touches))
        found = ranked(tally.touches.customers, len(words.touched), candidates)
        return _ranking("channel", found, words.touched)
    if not len(tally.channels.row):
        return "neither touches nor orders nor events name a channel"
    candidates = by_share(tally.channels, concentrations(tally.channels))
    return _ranking("channel", ranked(tally.channels.customers, len(words.channels), candidates), words.channels)


def _category(said: _Said) -> Columns | str:
    mine, orders = said.tally.categories, said.tally.orders
    if not len(mine.row):
        return "no order of a category was known at the cutoff" if said.words.categories else "orders have no category"
    candidates = by_frequency(mine, orders, rates(mine, orders), CATEGORIES)
    return _ranking("category", ranked(mine.customers, CATEGORIES, candidates), said.words.categories)


def _price(said: _Said) -> Columns | str:
    tally = said.tally
    if not said.signals:
        return "the log has no discounts, no coupons and no redemptions"
    if not len(tally.orders.row):
        return "no order was known at the cutoff"
    prior = rates(tally.discounted, tally.orders)
    found, orders, late = (one.dense()[:, 0] for one in (tally.discounted, tally.orders, tally.recent))
    share = shares(*prior.posterior(np.zeros(len(found), np.int32), found, orders))
    columns = {"price_sensitivity": pa.array(share.mean)} | _interval("price_sensitivity", share)
    return columns | {
        "price_sensitivity_rung": _rung(orders > prior.weight[0]),
        "discounted_orders_91d": pa.array(share.mean * late),
        "crowd_price_sensitive": pa.array(share.p10 > prior.mean[0]),
    }


def _interval(name: str, share: Shares) -> Columns:
    return {f"{name}_p10": pa.array(share.p10), f"{name}_p90": pa.array(share.p90)}


def _rung(own: Booleans) -> pa.Array:
    return pa.array([EVERYBODY, OWN]).take(pa.array(own.astype(np.int8)))


def _ranking(name: str, found: Ranked, words: Sequence[str]) -> Columns:
    said = {
        f"{name}_ranking": pa.array(words, pa.string()).take(pa.array(found.value)),
        f"{name}_affinity": pa.array(found.share.mean),
        **_interval(name, found.share),
    }
    offsets = pa.array(found.offsets)
    lists = {column: pa.ListArray.from_arrays(offsets, values) for column, values in said.items()}
    return lists | {f"{name}_rung": _rung(found.own)}


_FAMILIES: Mapping[str, Callable[[_Said], Columns | str]] = {
    "preferred_hour": _hour,
    "preferred_weekday": _weekday,
    "channel": _channel,
    "category": _category,
    "price": _price,
}
