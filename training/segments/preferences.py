"""Preference columns: names, types and meanings of the preference columns in the scores table."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from training.segments.column import ColumnSpec

EVIDENCE_CUSTOMER, EVIDENCE_POPULATION = "customer", "population"  # values of evidence columns
EVIDENCE_EXPERIMENT = "experiment"  # of the price sensitivity, where an offer was given at random


_NUMBER, _INTEGER, _TEXT, _FLAG = pa.float64(), pa.int8(), pa.string(), pa.bool_()


def _interval_columns(name: str, meaning: str, kind: pa.DataType) -> tuple[ColumnSpec, ColumnSpec]:
    return (
        ColumnSpec(f"{name}_p10", kind, f"{meaning}, lower end of its 80 % interval."),
        ColumnSpec(f"{name}_p90", kind, f"{meaning}, upper end of its 80 % interval."),
    )


def _evidence_column(name: str) -> ColumnSpec:
    return ColumnSpec(f"{name}_evidence", _TEXT, "The counts with the greater weight: customer or population.")


def _preferred_columns(name: str, meaning: str, share: str) -> tuple[ColumnSpec, ...]:
    return (
        ColumnSpec(name, _INTEGER, meaning),
        ColumnSpec(f"{name}_share", _NUMBER, f"{share}, weighed with the population's preference."),
        *_interval_columns(name, share, _NUMBER),
        _evidence_column(name),
    )


def _ranking_columns(name: str, meaning: str, affinity: str) -> tuple[ColumnSpec, ...]:
    return (
        ColumnSpec(f"{name}_ranking", pa.list_(_TEXT), meaning),
        ColumnSpec(f"{name}_affinity", pa.list_(_NUMBER), affinity),
        *_interval_columns(name, "The same affinities", pa.list_(_NUMBER)),
        _evidence_column(name),
    )


COLUMN_FAMILIES: Mapping[str, tuple[ColumnSpec, ...]] = {
    "preferred_hour": _preferred_columns(
        "preferred_hour",
        "First of the two hours in a row with the most visits, 0 to 23 in the shop's time zone.",
        "Share of the customer's orders and events in these two hours",
    ),
    "preferred_weekday": _preferred_columns(
        "preferred_weekday",
        "Weekday with the most visits, 1 Monday to 7 Sunday in the shop's time zone.",
        "Share of the customer's orders and events on this day of the week",
    ),
    "channel": _ranking_columns(
        "channel",
        "Channels, the best first; where touches were withheld at random on every channel, by how much a touch adds.",
        "Rate at which a touch there is followed by an order or event within 7 days; without touches, the share of "
        "the customer's orders and events that come through the channel.",
    ),
    "category": _ranking_columns(
        "category",
        "Up to five categories that the customer orders most often, the most frequent first.",
        "Share of the customer's orders that contain the category.",
    ),
    "price": (
        ColumnSpec(
            "price_sensitivity",
            _NUMBER,
            "Share of the customer's orders with a coupon or discount; observed, not causal: only a randomised offer "
            "shows which customers would not order without it. With the evidence `experiment` it is that share.",
        ),
        *_interval_columns("price_sensitivity", "The same share", _NUMBER),
        ColumnSpec(
            "price_sensitivity_evidence",
            _TEXT,
            "The counts with the greater weight, customer or population; `experiment` where an offer was randomised.",
        ),
        ColumnSpec(
            "discounted_orders_91d",
            _NUMBER,
            "Orders with a coupon or discount expected in 91 days at the pace of the last 91; ranks likely redeemers.",
        ),
        ColumnSpec(
            "preset_segment_price_sensitive",
            _FLAG,
            "Orders at a reduced price significantly more often than the population; with the evidence `experiment`, "
            "moved by the offer significantly more than the average.",
        ),
    ),
}
PREFERENCE_COLUMNS = tuple(column for family in COLUMN_FAMILIES.values() for column in family)
