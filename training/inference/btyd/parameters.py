"""The numbers a fit found, as they travel in an artefact: plain JSON, checked on the way in."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, ClassVar, Self

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """Named numbers above 0; raises ValueError on any other number."""

    family: ClassVar[str]

    def __post_init__(self) -> None:
        wrong = {name: value for name, value in asdict(self).items() if not (value > 0 and math.isfinite(value))}
        if wrong:
            raise ValueError(f"{self.family} needs finite parameters above 0; found {wrong}. Fit the model again.")

    def as_json(self) -> dict[str, str | float]:
        """The family's name and its parameters, as ``from_json`` reads them."""
        return {"family": self.family, **asdict(self)}

    @classmethod
    def from_json(cls, values: Mapping[str, str | float]) -> Self:
        """The same parameters again; raises ValueError where ``values`` is of another family or misses a number."""
        names = {"family", *(field.name for field in fields(cls))}
        if values.get("family") != cls.family or set(values) != names:
            raise ValueError(f"Expected family {cls.family!r} and exactly {sorted(names)}; found {dict(values)}.")
        return cls(**{name: float(value) for name, value in values.items() if name != "family"})
