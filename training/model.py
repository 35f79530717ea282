"""What every model must say about itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from features.arrays import Floats
from training.dataset.outcomes import Outcomes, Rows
from training.inference.forecast import Forecast
from training.inference.tiers.btyd import BtydTier

Artifact = dict[str, str]  # file name -> text: LightGBM models and JSON, nothing that can run
YEAR_DAYS = 364  # days: whole weeks, so that weekdays meet weekdays
BoostingParams = Mapping[str, str | int | float | bool]


class GradientBoostingTrainer(Protocol):
    """Fits one boosted ensemble and returns it as text."""

    def __call__(
        self, inputs: Floats, target: Floats, params: BoostingParams, names: Sequence[str], offset: Floats | None = None
    ) -> str:
        """Fit on (n, features) and (n,), starting from (n,) on the link's scale."""
        ...


@dataclass(frozen=True)
class Trainers:
    """What a model page may fit with; pages themselves need NumPy alone, for the service reads them too."""

    boost: GradientBoostingTrainer
    btyd: Callable[[Rows, HorizonPlan], BtydTier]


@dataclass(frozen=True)
class HorizonPlan:
    """Which horizons are asked for, and which of them have had finished windows to learn from."""

    churn_days: int
    horizons: tuple[int, ...]  # ascending: ltv_days and churn_days, and what could be learned instead of them
    learned: tuple[int, ...]  # ascending, never empty; every label of these is observed
    has_amounts: bool

    def base_horizon(self, horizon: int) -> int:
        """The learned horizon that answers for a horizon."""
        return max((days for days in self.learned if days <= horizon), default=self.learned[0])

    @property
    def evaluated_churn_days(self) -> int:
        """The churn horizon, or the longest learned one where that is shorter: only what was observed can be judged."""
        return min(self.churn_days, self.learned[-1])

    @property
    def outcome_horizons(self) -> tuple[int, ...]:
        """Every horizon whose outcomes are needed; half the longest shows how totals grow, a year what is a season."""
        return tuple(sorted({*self.learned, max(self.learned[-1] // 2, 1), YEAR_DAYS}))


@dataclass(frozen=True, kw_only=True)
class Model:
    """A question about a customer, how we learn to answer it, and by what it is judged."""

    name: str
    question: str
    fit: Callable[[Rows, HorizonPlan, Trainers], Artifact]
    loss: Callable[
        [Outcomes, HorizonPlan, Forecast], Floats
    ]  # a proper loss per customer, lower is better, NaN if unseen
    metrics: Callable[[Outcomes, HorizonPlan, Forecast], dict[str, float]]
    baselines: Mapping[str, Callable[[Rows, HorizonPlan], Floats]]  # a named simple score per customer
    compare: Callable[[Outcomes, HorizonPlan, Floats], dict[str, float]]  # a baseline's own metrics
    headline: str  # the metric that a reviewer looks at first
