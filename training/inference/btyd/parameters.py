"""BTYD parameters: the numbers that a fit found, as plain JSON that is validated when it is read."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, ClassVar, Self

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """BTYD parameters: named finite numbers above 0.

    Raises:
        ValueError: a number is not finite or not above 0.
    """

    family: ClassVar[str]

    def __post_init__(self) -> None:
        invalid = {name: value for name, value in asdict(self).items() if not (value > 0 and math.isfinite(value))}
        if invalid:
            raise ValueError(f"{self.family} needs finite parameters above 0; found {invalid}. Fit the model again.")

    def as_json(self) -> dict[str, str | float]:
        """Return the family's name and its parameters, as ``from_json`` reads them."""
        return {"family": self.family, **asdict(self)}

    @classmethod
    def from_json(cls, values: Mapping[str, str | float]) -> Self:
        """Build the parameters from ``as_json``'s values.

        Raises:
            ValueError: ``values`` has another family, or other parameters.
        """
        names = {"family", *(field.name for field in fields(cls))}
        if values.get("family") != cls.family or set(values) != names:
            raise ValueError(f"Expected family {cls.family!r} and exactly {sorted(names)}; found {dict(values)}.")
        return cls(**{name: float(value) for name, value in values.items() if name != "family"})
