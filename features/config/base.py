"""Configuration model: the pydantic base class of every section of flywheel.toml."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class ConfigModel(BaseModel):
    """A section that allows only known keys and has frozen values; the docstring of a field documents its key."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)
