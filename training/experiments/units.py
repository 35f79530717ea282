"""Units: the first decisions of an experiment's customers with what followed, as NumPy arrays for the estimators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import compress

import numpy as np

from features.arrays import Booleans, Codes, Floats, Integers


@dataclass(frozen=True, kw_only=True)
class Units:
    """The units of one experiment: n customers, each counted once (not sticky: once an epoch)."""

    arms: tuple[str, ...]
    control: int | None  # the position of the control arm
    arm: Codes  # (n,) position of the arm that was drawn
    probabilities: Floats  # (n, arms) with which it was drawn; NaN where they were not logged
    day: Integers  # (n,) local day of the decision, days since 1970
    epoch: Integers  # (n,)
    age_days: Floats  # (n,) days from the decision to the instant of the analysis
    segment: Codes  # (n,) position in ``segments``, -1 for none
    segments: tuple[str, ...]
    covariates: Floats  # (n, p) known at the decision: the served prediction, past spend; NaN where there is none
    values: Mapping[str, Floats]  # by label of the metric, (n,); NaN while a customer's window is not over
    delay_days: Mapping[str, Floats]  # by label, (n,) days from the decision to the first conversion; infinite without
    customer_ids: Sequence[str] = ()  # (n,) of those who decided; empty where nobody needs them
    decided_at: Integers | None = None  # (n,) microseconds since 1970 UTC; None where nobody needs it

    def __len__(self) -> int:
        return len(self.arm)

    @property
    def has_probabilities(self) -> Booleans:
        """Whether the probabilities of each unit (n,) were logged."""
        finite: Booleans = np.logical_and.reduce(np.isfinite(self.probabilities), axis=1)
        return finite

    def select(self, chosen: Booleans) -> Units:
        """The units at the positions where ``chosen`` (n,) is true."""
        rows = ("arm", "probabilities", "day", "epoch", "age_days", "segment", "covariates")
        return replace(
            self,
            **{name: getattr(self, name)[chosen] for name in rows},
            values={label: values[chosen] for label, values in self.values.items()},
            delay_days={label: delays[chosen] for label, delays in self.delay_days.items()},
            customer_ids=tuple(compress(self.customer_ids, chosen)),
            decided_at=None if self.decided_at is None else self.decided_at[chosen],
        )
