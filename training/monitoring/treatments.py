"""Treatments: who was offered something and when, who was held out, and the probability of being left untreated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.arrays import Booleans, Floats, Integers

COLUMNS = ("source", "customer_id", "at_us", "treated", "untreated_probability")


@dataclass(frozen=True)
class TreatmentState:
    """Treatment state of n customers in their windows."""

    treated: Booleans  # (n,) whether anything was sent
    untreated_probability: Floats  # (n,) of getting nothing from any source that drew; 1 where none did
    without_holdout: Booleans  # (n,) whether a source that holds nobody out treated

    @property
    def is_judged(self) -> Booleans:
        """Who stands for the world without treatment: the untreated of a positive probability, (n,)."""
        return ~self.treated & (self.untreated_probability > 0)

    @property
    def weights(self) -> Floats:
        """1/P(untreated) of those who are judged, 0 for the others, (n,)."""
        return np.divide(1.0, self.untreated_probability, out=np.zeros(len(self.treated)), where=self.is_judged)


@dataclass(frozen=True)
class Treatments:
    """Treatments of a shop, one row per customer that a source drew or sent to, with the columns ``COLUMNS``.

    A source is an experiment or a campaign. ``untreated_probability`` is that of the draw, 0 where the source holds
    nobody out.
    """

    rows: pd.DataFrame

    @classmethod
    def none(cls) -> Treatments:
        """No treatment at all."""
        kinds = (str, str, np.int64, bool, float)
        return cls(pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in zip(COLUMNS, kinds, strict=True)}))

    @property
    def have_holdouts(self) -> bool:
        """Whether some source that treats holds customers out at random."""
        sources = set(self.rows.loc[self.rows["treated"], "source"])
        held_out = ~self.rows["treated"] & (self.rows["untreated_probability"] > 0)
        return bool(sources & set(self.rows.loc[held_out, "source"]))

    def state(self, customer_ids: pd.Series, start_us: Integers, end_us: Integers) -> TreatmentState:
        """The state of n customers, each in ``[start, end)``, microseconds since 1970 UTC, (n,) each.

        Of several draws of one source in the window the first counts, as its later ones follow it.
        """
        n = len(customer_ids)
        windows = pd.DataFrame(
            {"customer_id": customer_ids.to_numpy(), "row": np.arange(n), "start": start_us, "end": end_us}
        )
        drawn = windows.merge(self.rows, on="customer_id")
        drawn = drawn[(drawn["at_us"] >= drawn["start"]) & (drawn["at_us"] < drawn["end"])]
        treated, without = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
        treated[drawn.loc[drawn["treated"], "row"]] = True
        without[drawn.loc[drawn["treated"] & (drawn["untreated_probability"] <= 0), "row"]] = True
        first = drawn.sort_values("at_us", kind="stable").drop_duplicates(["row", "source"])
        probability = np.ones(n)
        np.multiply.at(probability, first["row"].to_numpy(), first["untreated_probability"].to_numpy())
        return TreatmentState(treated, probability, without)
