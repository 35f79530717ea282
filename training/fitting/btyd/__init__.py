"""BTYD fitting: buy-till-you-die models of orders, departure and order value, by maximum likelihood."""

from __future__ import annotations

from training.fitting.btyd.fit import BtydFit, fit_btyd
from training.fitting.btyd.order_value import OrderValueFit, fit_gamma_gamma

__all__ = ["BtydFit", "OrderValueFit", "fit_btyd", "fit_gamma_gamma"]
