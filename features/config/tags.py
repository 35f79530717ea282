"""Tags: the sections ``[tags.<destination>]`` of flywheel.toml, one for each tool that gets bands of the scores."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, Strict, field_validator, model_validator

from features.canonical_form import canonical_word
from features.config.base import ConfigModel

TagGroupName = Literal["churn", "next_purchase", "value_tier", "lifecycle", "rfm", "segments", "preset_segments"]
Language = Literal["en", "zh"]
TAG_GROUPS: tuple[TagGroupName, ...] = (
    "churn",
    "next_purchase",
    "value_tier",
    "lifecycle",
    "rfm",
    "segments",
    "preset_segments",
)
DESTINATION_PATTERN = re.compile(r"[a-z][a-z0-9_]{0,39}")


class TagsConfig(ConfigModel):
    """A destination of tags: a tool with the tags of customers, such as a CRM."""

    tool: Literal["wecom", "other"] = "other"
    """The tool; the limits of WeCom are checked for `wecom`, which needs `contacts`, with `userid`, and `tag_ids`."""
    channel: Annotated[str, Field(min_length=1)]
    """The channel of the tool, such as `wechat`: only customers who agreed to marketing on it get tags."""
    groups: Annotated[tuple[TagGroupName, ...], Strict(False), Field(min_length=1)] = TAG_GROUPS  # noqa: FBT003 -- a list in TOML
    """The groups of tags that the tool gets."""
    prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,12}$")] = "fw"
    """The beginning of every key and of every group's name, so that no other owner's tag is taken for one of them."""
    language: Language = "en"
    """The language of the names that `--list` shows, en or zh; keys are the same in both."""
    contacts: str | None = None
    """A CSV file of the customers that the tool knows: `customer_id` and `external_userid`, and `userid`, the member
    who has the contact. Without it, the tool knows customers by the id of the log.
    """
    tag_ids: str | None = None
    """A JSON file with the answer of WeCom's `get_corp_tag_list`: the ids of the tags, found by their names."""

    def with_absolute_paths(self, folder: Path) -> TagsConfig:
        """Return the section with absolute paths; relative ones start at the folder of flywheel.toml."""
        paths = {"contacts": self.contacts, "tag_ids": self.tag_ids}
        return self.model_copy(update={name: str(folder / path) for name, path in paths.items() if path is not None})

    @field_validator("channel")
    @classmethod
    def _to_canonical(cls, channel: str) -> str:
        return canonical_word(channel)

    @model_validator(mode="after")
    def _check_wecom(self) -> TagsConfig:
        if self.tool == "wecom" and (self.contacts is None or self.tag_ids is None):
            raise ValueError('found tool = "wecom" without contacts or tag_ids; expected the paths of both files')
        return self


def _check_destinations(destinations: Mapping[str, TagsConfig]) -> Mapping[str, TagsConfig]:
    for name in destinations:
        if not DESTINATION_PATTERN.fullmatch(name):
            raise ValueError(
                f"found a destination named {name!r}; expected a small letter, then at most 39 small letters, digits "
                "and underscores, such as [tags.wecom]"
            )
    return destinations


Destinations = Annotated[Mapping[str, TagsConfig], AfterValidator(_check_destinations)]
