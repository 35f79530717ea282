"""Global hold-out: the setting of ``[business]`` for a share of all customers that nothing approaches for a period."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from features.config.base import ConfigModel


class GlobalHoldoutConfig(ConfigModel):
    """The global hold-out: customers whom no experiment and no audience approaches, so that all of it is measured."""

    share: Annotated[float, Field(gt=0, le=0.5)]
    """The share of all customers; a larger share of the same name includes a smaller one."""
    name: Annotated[str, Field(min_length=1, max_length=100)]
    """The name of the period, such as `2027-H1`; another name holds out other customers."""
    until: date
    """The day at whose beginning it ends; for the next period, give the next name and day."""
