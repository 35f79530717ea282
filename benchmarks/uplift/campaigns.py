"""Public campaigns with treatment at random, read from a folder beside the project; none of them is part of it.

Hillstrom (2008), the MineThatData e-mail challenge; the insurance campaign of the R package Information; Karlan and
List (2007), "Does price matter in charitable giving?".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from features.arrays import Booleans
from training.dataset.randomised_sample import RandomisedSample

DATA = Path(__file__).parents[2].parent / "shared" / "data"
HILLSTROM, INSURANCE, CHARITY = "hillstrom_email.parquet", "insurance_campaign.parquet", "charity_letters.parquet"
NO_EMAIL = "No E-Mail"
MISSING = -999.0  # in the charity letters


@dataclass(frozen=True)
class Campaign:
    """A campaign with the lowest Qini, and the lowest lower end, that are asked of it; None where none is."""

    name: str
    file: str
    read: Callable[[], RandomisedSample]
    min_qini: float | None = None
    min_low: float | None = None
    is_refused: bool = False  # whether nothing is to be found


def available_campaigns() -> list[Campaign]:
    """The campaigns whose data are there."""
    return [campaign for campaign in CAMPAIGNS if (DATA / campaign.file).is_file()]


def read_hillstrom(email: str, outcome: str) -> RandomisedSample:
    """One of the two e-mails against none."""
    rows = pd.read_parquet(DATA / HILLSTROM)
    rows = rows[rows["segment"].isin([email, NO_EMAIL])]
    columns = {name: rows[name] for name in ("recency", "history", "mens", "womens", "newbie")}
    for name in ("zip_code", "channel"):
        columns |= {f"{name} {value}": rows[name] == value for value in sorted(rows[name].unique())}
    return _sample(pd.DataFrame(columns), rows["segment"] == email, rows[outcome], 0.5)


def read_shuffled_control(rng: np.random.Generator) -> RandomisedSample:
    """Customers without an e-mail, their treatment drawn anew: there is nothing to find."""
    sample = read_hillstrom("Womens E-Mail", "visit")
    control = sample.select(~sample.treated)
    return replace(control, treated=rng.permutation(np.arange(len(control)) % 2 == 0))


def read_insurance() -> RandomisedSample:
    """The insurance campaign, 67 covariates."""
    rows = pd.read_parquet(DATA / INSURANCE)
    columns = rows.drop(columns=["part", "TREATMENT", "PURCHASE", "UNIQUE_ID"])
    return _sample(columns, rows["TREATMENT"] == 1, rows["PURCHASE"], float(rows["TREATMENT"].mean()))


def insurance_training_mask() -> Booleans:
    """The half of the insurance customers that is for training, (n,)."""
    return np.asarray(pd.read_parquet(DATA / INSURANCE, columns=["part"])["part"] == "train")


def read_charity() -> RandomisedSample:
    """A letter with a matching offer against one without; the outcome is whether somebody gave."""
    rows = pd.read_parquet(DATA / CHARITY)
    known = [
        name for name in map(str, rows) if not name.startswith(("treat", "out_")) and not name.endswith("_missing")
    ]
    return _sample(rows[known].replace(MISSING, np.nan), rows["treatment"] == 1, rows["out_gavedum"], 2 / 3)


def _sample(columns: pd.DataFrame, treated: pd.Series, outcome: pd.Series, probability: float) -> RandomisedSample:
    return RandomisedSample(
        names=tuple(map(str, columns)),
        inputs=columns.to_numpy(dtype=float),
        treated=treated.to_numpy(dtype=bool),
        probability=np.full(len(columns), probability),
        outcome=outcome.to_numpy(dtype=float),
    )


CAMPAIGNS = (
    Campaign("women's e-mail, visits", HILLSTROM, lambda: read_hillstrom("Womens E-Mail", "visit"), 68.0),
    Campaign("men's e-mail, visits", HILLSTROM, lambda: read_hillstrom("Mens E-Mail", "visit")),
    Campaign("men's e-mail, spend", HILLSTROM, lambda: read_hillstrom("Mens E-Mail", "spend"), is_refused=True),
    Campaign("insurance", INSURANCE, read_insurance, 250.0, 215.0),
    Campaign("charity letters", CHARITY, read_charity),
)
BY_NAME: Mapping[str, Campaign] = {campaign.name: campaign for campaign in CAMPAIGNS}
