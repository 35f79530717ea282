"""Value ranges: the ends of a column among some customers, rounded so that they are nobody's own value.

The smallest and the largest value are each that of one customer. Where few may not be told, the ends are those with at
least that many customers beyond them, rounded outwards (top and bottom coding of statistical disclosure control:
Hundepool et al. 2012, "Statistical Disclosure Control", chapter 3).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.arrays import Booleans
from serving.audiences.query.column_store import NumericColumn

MICROSECONDS_OF_DAY = 86_400_000_000
_ROUNDING = 100  # steps between the two ends
_NICE_FACTORS = (1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True)
class ValueRange:
    """The ends of a range: numbers, days since 1970, or microseconds since 1970 UTC."""

    minimum: float
    maximum: float


def value_range(column: NumericColumn, customers: Booleans, smallest: int) -> ValueRange | None:
    """Return the range of a column among some customers, (n,); None where too few of them have a value.

    With ``smallest`` of 0 or 1, the ends are the values themselves.
    """
    values = known_values(column, customers)
    if len(values) < max(2 * smallest, 1):
        return None
    if smallest <= 1:
        return ValueRange(float(values.min()), float(values.max()))
    low, high = order_statistics(values, smallest - 1, len(values) - smallest)
    step = nice_step((high - low) / _ROUNDING, unit=unit_of(column))
    return ValueRange(math.floor(low / step) * step, math.ceil(high / step) * step)


def known_values(column: NumericColumn, customers: Booleans) -> NDArray[np.generic]:
    """Return the values of some customers, (n,), that are neither null nor infinite."""
    values = column.values[customers if column.nulls is None else customers & ~column.nulls]
    return values[np.isfinite(values)] if values.dtype.kind == "f" else values


def order_statistics(values: NDArray[np.generic], low: int, high: int) -> tuple[float, float]:
    """Return the values at two positions of the ascending order, from 0 on."""
    partitioned = np.partition(values, (low, high))
    return float(partitioned[low]), float(partitioned[high])


def nice_step(width: float, unit: float) -> float:
    """Return the smallest of 1, 2 and 5 times a power of ten that is at least a width.

    Args:
        width: in the unit of the values.
        unit: 0 for any number, else the result is a multiple of it.
    """
    scaled = width / (unit or 1.0)
    if unit and scaled <= 1:
        return unit
    if scaled <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(scaled))
    factor = next((nice for nice in _NICE_FACTORS if scaled <= nice * power * (1 + 1e-9)), _NICE_FACTORS[-1])
    return factor * power * (unit or 1.0)


def unit_of(column: NumericColumn) -> float:
    """Return the unit of a column: a whole number, a day, or 0 for any number."""
    if pa.types.is_timestamp(column.type):
        return float(MICROSECONDS_OF_DAY)
    return 1.0 if column.values.dtype.kind in "iu" else 0.0
