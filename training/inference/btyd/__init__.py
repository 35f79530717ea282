"""Will a customer who may be gone order again, how often, and for how much, once the parameters are known?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from training.inference.btyd.beta_geometric import BGNBD, MBGNBD
from training.inference.btyd.gamma_gamma import GammaGamma
from training.inference.btyd.gamma_poisson import GammaPoisson
from training.inference.btyd.model import BuyTillDie
from training.inference.btyd.pareto_nbd import ParetoNBD

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["BGNBD", "FAMILIES", "MBGNBD", "BuyTillDie", "GammaGamma", "GammaPoisson", "ParetoNBD", "btyd_from_json"]

FAMILIES: dict[str, type[BuyTillDie]] = {kind.family: kind for kind in (ParetoNBD, MBGNBD, BGNBD, GammaPoisson)}


def btyd_from_json(values: Mapping[str, str | float]) -> BuyTillDie:
    """The model that ``as_json`` described; raises ValueError where the family or a parameter is not as expected."""
    family = values.get("family")
    if family not in FAMILIES:
        raise ValueError(f"No family named {family!r}. Known families: {', '.join(FAMILIES)}.")
    return FAMILIES[str(family)].from_json(values)
