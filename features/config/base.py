"""What every section of flywheel.toml has in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class ConfigModel(BaseModel):
    """A configuration section: known keys alone, frozen values; the docstring of a field is its meaning."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)
