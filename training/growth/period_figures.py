"""Figures of a period: written once when the period is closed, and never changed by what becomes known later.

A later log may give another number for the end of the period before: late lines, returns, erased customers, other
consents, another definition. The difference stands in the next period as ``revised``, so that in each period exactly

    previous + revised + new + won_back + upgraded - lapsed - downgraded = now.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from training.growth.movements import Movements
from training.growth.periods import GrowthPeriod, PeriodKind


@dataclass(frozen=True, kw_only=True)
class SourceAcquisition:
    """The new customers of a period from one source, and what was spent on the source; none is an id."""

    source: str  # a canonical word
    cost: float  # in the currency of the shop
    new_customers: int


@dataclass(frozen=True, kw_only=True)
class PeriodFigures:
    """The figures of one period; days are ISO dates."""

    kind: PeriodKind
    period: str
    first_day: str
    end_day: str
    definition: str  # the digest of the definition
    closed_at: str | None  # RFC 3339; None while the period may still change
    previous: int
    revised: int
    new: int
    won_back: int
    upgraded: int
    lapsed: int
    downgraded: int
    now: int
    active: int
    spend: float  # of all customers in the period
    new_customers: int  # with their first order in the period
    acquisition: tuple[SourceAcquisition, ...] = ()  # of a month

    @property
    def net(self) -> int:
        """In less out, without ``revised``."""
        return self.new + self.won_back + self.upgraded - self.lapsed - self.downgraded

    @property
    def is_balanced(self) -> bool:
        """Whether the number before, with what moved it, gives the number after."""
        return self.previous + self.revised + self.net == self.now

    def to_json(self) -> dict[str, Any]:
        """The figures as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> Self:
        """The figures from JSON values.

        Raises:
            KeyError, TypeError: a field is missing, or another one is there.
        """
        known = {field.name for field in fields(cls)}
        if not known >= {*payload}:
            raise KeyError(", ".join(sorted({*payload} - known)))
        acquisition = tuple(SourceAcquisition(**row) for row in payload["acquisition"])
        return cls(**{**payload, "acquisition": acquisition})


@dataclass(frozen=True, kw_only=True)
class PeriodTotals:
    """What a period had besides its movements."""

    spend: float
    new_customers: int
    acquisition: tuple[SourceAcquisition, ...] = ()


Computed = tuple[GrowthPeriod, Movements, PeriodTotals]


def chain_figures(
    computed: Iterable[Computed], written: Mapping[str, PeriodFigures], definition: str, closed_at: Mapping[str, str]
) -> Iterator[PeriodFigures]:
    """The figures of consecutive periods: those that are written as they are, and the others from today's log.

    Args:
        computed: periods in order, with what today's log and definition give.
        written: the closed figures, by period.
        definition: the digest of today's definition.
        closed_at: the instant of closing of each period that is closed now; the others remain open.
    """
    before: PeriodFigures | None = None
    for period, movements, totals in computed:
        figures = written.get(period.name)
        if figures is None or figures.end_day != str(period.end):  # of a period that is not over today
            previous = movements.previous if before is None else before.now
            figures = PeriodFigures(
                kind=period.kind,
                period=period.name,
                first_day=str(period.first),
                end_day=str(period.end),
                definition=definition,
                closed_at=closed_at.get(period.name),
                previous=previous,
                revised=movements.previous - previous,
                new=movements.new,
                won_back=movements.won_back,
                upgraded=movements.upgraded,
                lapsed=movements.lapsed,
                downgraded=movements.downgraded,
                now=movements.now,
                active=movements.active,
                **vars(totals),
            )
        before = figures
        yield figures
