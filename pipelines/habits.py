"""When, where and with what to reach each customer, and for what price they come: columns beside the scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.baskets import discount_signal, discounted_orders, ordered_categories
from features.description import Description
from features.habits import moments
from features.history import Cutoff, History
from features.responses import responses
from pipelines.habit_counts import Population, words
from serving.segments.habits import EVERYBODY, FAMILIES, OWN
from training.habits.counts import Counts, Whole
from training.habits.dirichlet import concentrations
from training.habits.posterior import Shares, shares
from training.habits.preferred import preferred
from training.habits.ranking import Ranked, by_frequency, by_rate, by_share, ranked
from training.habits.rates import rates

CATEGORIES = 5  # ranked for each customer
CHANNELS = 50  # that are told apart, the most used ones
EVERY_CATEGORY = 1_000_000

Columns = dict[str, pa.Array]


@dataclass(frozen=True)
class Habits:
    """Columns in the order of the customers; why those of a family are null, by the family's name."""

    columns: Columns
    gaps: Mapping[str, str]


class _Unknown(Exception):
    """The log does not say; the message tells what it lacks."""


def habit_columns(description: Description, history: History, cutoff: Cutoff, customers: pa.Array) -> Columns:
    """The columns of ``serving.segments.habits``, one value per customer, in the order given.

    Everybody known at the cutoff is learned from, whoever is asked about; one not known is told the population's
    habits. Memory holds the counts of one family at a time.

    Args:
        description: the shop.
        history: its log.
        cutoff: nothing from there on is looked at.
        customers: (n,) ids, each once.
    """
    return habits(description, history, cutoff, customers).columns


def habits(description: Description, history: History, cutoff: Cutoff, customers: pa.Array) -> Habits:
    """The same columns, and why some of them are null."""
    known = history.before(cutoff)
    asked = _Asked(description, known, cutoff, Population(known, customers))
    columns: Columns = {}
    gaps: dict[str, str] = {}
    for family, told in _FAMILIES.items():
        found = {column.name: pa.nulls(len(customers), column.type) for column in FAMILIES[family]}
        try:
            columns |= found | (told(asked) if len(customers) else {})
        except _Unknown as unknown:
            columns |= found
            gaps[family] = str(unknown)
    return Habits(columns, gaps)


@dataclass
class _Asked:
    description: Description
    known: History
    cutoff: Cutoff
    people: Population

    @property
    def kinds(self) -> tuple[str, ...]:
        events = self.description.events
        return () if events is None else events.contacts

    @property
    def redemptions(self) -> tuple[str, ...]:
        events = self.description.events
        return () if events is None else events.redemptions

    def moments(self, by: str, channels: list[str] | None = None) -> dict[str, Whole]:
        found = moments(self.known, self.cutoff, self.kinds, self.description.zone)
        counted = found.group_by("customer_id", by).aggregate(times=found.times.sum())
        return self.people.pull(counted, {by: channels} if channels else None)

    def first(self, counts: Counts) -> Counts:
        return counts.between(0, self.people.asked)


def _hour(asked: _Asked) -> Columns:
    return _preferred(asked, "hour", 24, 2, "no order or event has a time of day: the log has dates alone")


def _weekday(asked: _Asked) -> Columns:
    return _preferred(asked, "weekday", 8, 1, "no order or event was known at the cutoff")


def _preferred(asked: _Asked, by: str, values: int, width: int, lacking: str) -> Columns:
    said = asked.moments(by)
    counts = asked.people.counts(said["place"], said[by], said["times"], values)
    prior = concentrations(counts)
    if not prior.any():
        raise _Unknown(lacking)
    best, name = preferred(asked.first(counts), prior, width), f"preferred_{by}"
    columns = {name: pa.array(best.first, pa.int8()), f"{name}_share": pa.array(best.share.mean)}
    return columns | _interval(name, best.share) | {f"{name}_rung": _rung(best.own)}


def _channel(asked: _Asked) -> Columns:
    answered = responses(asked.known, asked.cutoff, asked.kinds)
    if answered is not None and asked.known.touches is not None:
        named = words([asked.known.touches.channel], CHANNELS)
        said = asked.people.pull(answered, {"channel": named})
        tried, yes = (
            asked.people.counts(said["place"], said["channel"], said[one], len(named))
            for one in ("touches", "answered")
        )
        if len(tried.row):
            candidates = by_rate(asked.first(yes), asked.first(tried), rates(yes, tried))
            return _ranking("channel", ranked(asked.people.asked, CHANNELS, candidates), named)
    return _own_channels(asked)


def _own_channels(asked: _Asked) -> Columns:
    tables = (asked.known.lines, asked.known.events)
    named = words([table.channel for table in tables if table is not None and "channel" in table.columns], CHANNELS)
    if not named:
        raise _Unknown("neither touches nor orders nor events name a channel")
    said = asked.moments("channel", named)
    counts = asked.people.counts(said["place"], said["channel"], said["times"], len(named))
    candidates = by_share(asked.first(counts), concentrations(counts))
    return _ranking("channel", ranked(asked.people.asked, CHANNELS, candidates), named)


def _category(asked: _Asked) -> Columns:
    if not asked.known.has_categories:
        raise _Unknown("the orders have no category")
    named = words([asked.known.lines.category], EVERY_CATEGORY)
    said = asked.people.pull(ordered_categories(asked.known, asked.cutoff), {"category": named})
    yes = asked.people.counts(said["place"], said["category"], said["orders"], len(named))
    if not len(yes.row):
        raise _Unknown("no order of a category was known at the cutoff")
    del said
    orders = asked.people.pull(discounted_orders(asked.known, asked.cutoff, ()))
    tried = asked.people.counts(orders["place"], np.zeros_like(orders["place"]), orders["orders"], 1)
    candidates = by_frequency(asked.first(yes), asked.first(tried), rates(yes, tried), CATEGORIES)
    return _ranking("category", ranked(asked.people.asked, CATEGORIES, candidates), named)


def _price(asked: _Asked) -> Columns:
    if discount_signal(asked.known, asked.redemptions) is None:
        raise _Unknown("the log has no discounts, no coupons and no redemptions")
    said = asked.people.pull(discounted_orders(asked.known, asked.cutoff, asked.redemptions))
    if not len(said["place"]):
        raise _Unknown("no order was known at the cutoff")
    nothing = np.zeros_like(said["place"])
    yes, tried = (asked.people.counts(said["place"], nothing, said[one], 1) for one in ("discounted", "orders"))
    prior = rates(yes, tried)
    recent = asked.people.counts(said["place"], nothing, said["orders_91d"], 1)
    found, orders, late = (asked.first(one).dense()[:, 0] for one in (yes, tried, recent))
    share = shares(*prior.posterior(np.zeros(len(found), np.int32), found, orders))
    columns = {"price_sensitivity": pa.array(share.mean)} | _interval("price_sensitivity", share)
    return columns | {
        "price_sensitivity_rung": _rung(orders > prior.weight[0]),
        "discounted_orders_91d": pa.array(share.mean * late),
        "crowd_price_sensitive": pa.array(share.p10 > prior.mean[0]),
    }


def _interval(name: str, share: Shares) -> Columns:
    return {f"{name}_p10": pa.array(share.p10), f"{name}_p90": pa.array(share.p90)}


def _rung(own: NDArray[np.bool_]) -> pa.Array:
    return pa.array([EVERYBODY, OWN]).take(pa.array(own.astype(np.int8)))


def _ranking(name: str, found: Ranked, named: list[str]) -> Columns:
    def lists(values: pa.Array) -> pa.Array:
        return pa.ListArray.from_arrays(pa.array(found.offsets), values)

    return {
        f"{name}_ranking": lists(pa.array(named, pa.string()).take(pa.array(found.value))),
        f"{name}_affinity": lists(pa.array(found.share.mean)),
        f"{name}_p10": lists(pa.array(found.share.p10)),
        f"{name}_p90": lists(pa.array(found.share.p90)),
        f"{name}_rung": _rung(found.own),
    }


_FAMILIES: Mapping[str, Callable[[_Asked], Columns]] = {
    "preferred_hour": _hour,
    "preferred_weekday": _weekday,
    "channel": _channel,
    "category": _category,
    "price": _price,
}
