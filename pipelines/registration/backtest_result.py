"""Back-test result: the data, tests and scores of one back-test of a shop, and the evaluation of its churn rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from features.arrays import Floats
from training.dataset.point_in_time import Dataset
from training.dataset.treated_windows import NO_TREATED_WINDOWS, TreatedWindows
from training.evaluation.backtest import Backtest, BacktestScore
from training.evaluation.churn_rule_limits import RuleLimit
from training.evaluation.churn_rules import RuleResult


@dataclass(frozen=True)
class BacktestResult:
    """One back-test: its dataset, its fitted tests, their scores, and the results of the churn rules."""

    data: Dataset
    tests: list[Backtest]
    scores: list[BacktestScore]
    rule_results: Sequence[RuleResult] = ()
    rule_flags: Mapping[str, Floats] = field(default_factory=dict)  # rule -> flags of the newest test's rows, (n,)
    rule_limits: Sequence[RuleLimit] = ()
    treated_windows: TreatedWindows = NO_TREATED_WINDOWS
