"""WeCom: the bodies of ``externalcontact/mark_tag`` and ``add_corp_tag``, and the ids that WeCom gave the tags.

Sources: developer.work.weixin.qq.com, paths 92697 (mark_tag takes the tags of one contact, to add and to remove, not
both empty) and 92117 (add_corp_tag and get_corp_tag_list). Nothing is sent from here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import orjson

from features.config.tags import TAG_GROUPS, TagsConfig
from serving.tags.errors import TagFileInvalid
from serving.tags.tag_assignment import Band
from serving.tags.tag_changes import TagChanges
from serving.tags.tag_names import group_name, value_name

TagIds = Mapping[tuple[str, str], str]  # by the names of group and tag


def add_corp_tag_bodies(bands: Sequence[Band], config: TagsConfig) -> list[dict[str, Any]]:
    """Return the bodies that create all tags, one for each group."""
    return [
        {
            "group_name": group_name(config.prefix, group, config.language),
            "tag": [{"name": value_name(band.group, band.value, config.language)} for band in members],
        }
        for group, members in groupby(bands, key=lambda band: band.group)
    ]


def read_tag_ids(path: Path) -> TagIds:
    """Return the ids of the tags in an answer of ``get_corp_tag_list``; deleted ones are left out.

    Raises:
        TagFileInvalid: the file cannot be read, or is no such answer.
    """
    try:
        groups = orjson.loads(path.read_bytes())["tag_group"]
        return {
            (group["group_name"], tag["name"]): tag["id"]
            for group in groups
            for tag in group["tag"]
            if not (group.get("deleted") or tag.get("deleted"))
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TagFileInvalid(
            f"Found no tags in {path} ({type(error).__name__}: {error}); expected the answer of WeCom's "
            "externalcontact/get_corp_tag_list as JSON. Save it there again."
        ) from None


def check_tag_ids(keys: frozenset[str], tag_ids: TagIds, config: TagsConfig) -> None:
    """Check that WeCom gave an id to every tag.

    Raises:
        TagFileInvalid: a tag has none.
    """
    missing = sorted(key for key in keys if _names(key, config) not in tag_ids)
    if missing:
        raise TagFileInvalid(
            f"Found no id of {', '.join(missing[:3])}{' and others' if missing[3:] else ''} in {config.tag_ids}; "
            "expected each tag in the answer of get_corp_tag_list. Create them with the bodies of `--list`, then save "
            "the answer again."
        )


def mark_tag_bodies(changes: Iterator[TagChanges], tag_ids: TagIds, config: TagsConfig) -> Iterator[bytes]:
    """Yield a line for each contact: the body of a request to ``externalcontact/mark_tag``.

    A tag to remove that has no id is in no contact, because WeCom has deleted it.
    """
    for part in changes:
        names = {key: _names(key, config) for key in part.additions.keys() | part.removals.keys()}
        ids = {key: tag_ids[name] for key, name in names.items() if name in tag_ids}
        columns = (part.recipients["userid"].to_pylist(), part.recipients["external_userid"].to_pylist())
        rows = zip(*columns, part.additions.to_lists(), part.removals.to_lists(), strict=True)
        yield b"".join(
            orjson.dumps(
                {
                    "userid": userid,
                    "external_userid": external_userid,
                    "add_tag": [ids[key] for key in additions],
                    "remove_tag": [ids[key] for key in removals if key in ids],
                },
                option=orjson.OPT_APPEND_NEWLINE,
            )
            for userid, external_userid, additions, removals in rows
        )


def _names(key: str, config: TagsConfig) -> tuple[str, str]:
    """Return the names of a key's group and tag; the prefix is that of the key, which may be an earlier one."""
    prefix, name, value = key.split(":", 2)
    group = next(group for group in TAG_GROUPS if group == name)
    return group_name(prefix, group, config.language), value_name(group, value, config.language)
