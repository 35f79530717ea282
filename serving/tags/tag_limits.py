"""Tag limits: what WeCom takes, checked before anything is written.

Sources: developer.work.weixin.qq.com, path 92117 (a corporation has at most 10,000 tags of customers; the name of a
tag has at most 30 characters, and so has that of a group; an application changes only the tags that it created), and
path 92697 (a member gives a customer at most 3,000 tags).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from features.config.tags import TagsConfig
from serving.tags.errors import TagLimitExceeded
from serving.tags.tag_assignment import Band
from serving.tags.tag_names import group_name, value_name
from serving.tags.tag_sets import TagSets

MAX_TAGS, MAX_NAME_LENGTH, MAX_TAGS_OF_CONTACT = 10_000, 30, 3_000


def check_names(bands: Sequence[Band], config: TagsConfig) -> None:
    """Check the number of all tags, and the length and uniqueness of their names; only WeCom has such limits.

    Raises:
        TagLimitExceeded: a limit is exceeded.
    """
    if config.tool != "wecom":
        return
    if len(bands) > MAX_TAGS:
        raise TagLimitExceeded(
            f"Found {len(bands):,} tags; expected at most {MAX_TAGS:,}, because WeCom has no more for a corporation. "
            "Take a group out of `groups`."
        )
    names = [
        (group_name(config.prefix, band.group, config.language), value_name(band.group, band.value, config.language))
        for band in bands
    ]
    too_long = sorted({name for pair in names for name in pair if len(name) > MAX_NAME_LENGTH})
    if too_long:
        raise TagLimitExceeded(
            f"Found the name {too_long[0]!r} of {len(too_long[0])} characters; expected at most {MAX_NAME_LENGTH}, as "
            "WeCom takes. Shorten the segment's or tier's name, or the prefix."
        )
    repeated = [pair for pair, count in Counter(names).items() if count > 1]
    if repeated:
        raise TagLimitExceeded(
            f"Found two tags named {repeated[0][1]!r} in {repeated[0][0]!r}; expected different names. Rename the tier "
            "or segment."
        )


def check_sets(tags: TagSets, config: TagsConfig) -> None:
    """Check the number of tags of each customer.

    Raises:
        TagLimitExceeded: a customer has more than the tool takes.
    """
    largest = max(map(len, tags.sets))
    if config.tool == "wecom" and largest > MAX_TAGS_OF_CONTACT:
        raise TagLimitExceeded(
            f"Found a customer with {largest:,} tags; expected at most {MAX_TAGS_OF_CONTACT:,}, as WeCom takes. Take a "
            "group out of `groups`."
        )
