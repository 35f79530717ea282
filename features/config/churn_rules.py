"""Churn rules: the rules in flywheel.toml by which the business calls a customer lapsed today."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from features.config.base import ConfigModel

MAX_NAME_LENGTH = 80
InactiveDays = Annotated[int, Field(ge=1, le=36_500)]  # whole local days


class ChurnRule(ConfigModel):
    """A churn rule: a customer has lapsed when every given condition holds."""

    no_contact_days: InactiveDays | None = None
    """No order line, return or listed event for at least this many whole days."""
    no_order_days: InactiveDays | None = None
    """No order for at least this many whole days."""

    @model_validator(mode="after")
    def _check_conditions(self) -> ChurnRule:
        if not self.conditions:
            raise ValueError("found no condition; expected no_contact_days, no_order_days, or both")
        return self

    @property
    def conditions(self) -> Mapping[str, int]:
        """The minimum number of inactive days by name of the condition; only given conditions occur."""
        conditions: dict[str, int] = self.model_dump(exclude_none=True)
        return conditions

    @property
    def max_inactive_days(self) -> int:
        """The largest number of inactive days in the rule's conditions."""
        return max(self.conditions.values())


def is_valid_name(name: str) -> bool:
    """Whether a rule, segment or tier may have this name: 1 to 80 printable characters, no blanks around it."""
    return 1 <= len(name) <= MAX_NAME_LENGTH and name.isprintable() and name == name.strip()


def _check_names(rules: Mapping[str, ChurnRule]) -> Mapping[str, ChurnRule]:
    for name in rules:
        if not is_valid_name(name):
            raise ValueError(
                f"found a rule named {name!r}; expected a name of 1 to {MAX_NAME_LENGTH} printable characters, "
                "no blanks around it"
            )
    return rules


ChurnRules = Annotated[Mapping[str, ChurnRule], AfterValidator(_check_names)]
