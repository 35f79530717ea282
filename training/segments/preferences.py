"""What are the columns that say when, where and with what to reach a customer, and what does each mean?"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from training.segments.column import Column

OWN, EVERYBODY = "customer", "population"  # what a rung may be


_NUMBER, _SMALL, _WORD, _FLAG = pa.float64(), pa.int8(), pa.string(), pa.bool_()


def _interval(name: str, of: str, kind: pa.DataType) -> tuple[Column, Column]:
    return (
        Column(f"{name}_p10", kind, f"{of}, lower end of its 80 % interval."),
        Column(f"{name}_p90", kind, f"{of}, upper end of its 80 % interval."),
    )


def _rung(name: str) -> Column:
    return Column(f"{name}_rung", _WORD, "Whose counts weigh more in it: customer, or population.")


def _preferred(name: str, what: str, share: str) -> tuple[Column, ...]:
    return (
        Column(name, _SMALL, what),
        Column(f"{name}_share", _NUMBER, f"{share}, the population's habit weighed in."),
        *_interval(name, share, _NUMBER),
        _rung(name),
    )


def _ranking(name: str, what: str, affinity: str) -> tuple[Column, ...]:
    return (
        Column(f"{name}_ranking", pa.list_(_WORD), what),
        Column(f"{name}_affinity", pa.list_(_NUMBER), affinity),
        *_interval(name, "The same affinities", pa.list_(_NUMBER)),
        _rung(name),
    )


FAMILIES: Mapping[str, tuple[Column, ...]] = {
    "preferred_hour": _preferred(
        "preferred_hour",
        "First hour, 0 to 23 by the shop's clock, of the two in a row in which the customer comes most.",
        "Share of the customer's orders and events in these two hours",
    ),
    "preferred_weekday": _preferred(
        "preferred_weekday",
        "Day of the week, 1 Monday to 7 Sunday by the shop's calendar, on which the customer comes most.",
        "Share of the customer's orders and events on this day of the week",
    ),
    "channel": _ranking(
        "channel",
        "Channels, the best one first.",
        "Rate at which a touch there is followed by an order or event within 7 days; without touches, the share of "
        "the customer's orders and events that come through the channel.",
    ),
    "category": _ranking(
        "category",
        "Up to five categories that the customer orders most often, the first one first.",
        "Share of the customer's orders that contain the category.",
    ),
    "price": (
        Column(
            "price_sensitivity",
            _NUMBER,
            "Share of the customer's orders that are bought with a coupon or discount; observed, not caused: only a "
            "randomised offer shows who would not have bought without it.",
        ),
        *_interval("price_sensitivity", "The same share", _NUMBER),
        _rung("price_sensitivity"),
        Column(
            "discounted_orders_91d",
            _NUMBER,
            "Orders with a coupon or discount to be expected in 91 days at the pace of the last 91; who redeems next.",
        ),
        Column("crowd_price_sensitive", _FLAG, "Buys at a reduced price surely more often than the population."),
    ),
}
COLUMNS = tuple(column for family in FAMILIES.values() for column in family)
