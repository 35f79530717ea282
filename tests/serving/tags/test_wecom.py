"""WeCom: bodies with the ids that it gave the tags, within its limits, and never a tag of another owner."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from features.config.tags import TagsConfig
from serving.tags.contacts import CONTACT_COLUMNS
from serving.tags.errors import TagFileInvalid, TagLimitExceeded
from serving.tags.tag_assignment import Band
from serving.tags.tag_changes import TagChanges
from serving.tags.tag_limits import MAX_TAGS, MAX_TAGS_OF_CONTACT, check_names, check_sets
from serving.tags.tag_sets import EMPTY, TagSets
from serving.tags.wecom import add_corp_tag_bodies, check_tag_ids, mark_tag_bodies, read_tag_ids

WECOM = TagsConfig(channel="wechat", tool="wecom", language="zh", contacts="c.csv", tag_ids="t.json")
OTHER = TagsConfig(channel="email")
CHURN = [Band("churn", value) for value in ("low", "medium", "high")]


def write_answer(folder: Path) -> Path:
    """The answer of get_corp_tag_list, with a group of another owner that has the same names."""
    names = ("低", "中", "高")
    own = {"group_name": "fw 流失风险", "tag": [{"id": f"et{place}", "name": name} for place, name in enumerate(names)]}
    foreign = {"group_name": "流失风险", "tag": [{"id": "other", "name": "高"}]}
    gone = {"group_name": "fw RFM分层", "deleted": True, "tag": [{"id": "gone", "name": "重要价值"}]}
    path = folder / "t.json"
    path.write_text(json.dumps({"errcode": 0, "tag_group": [foreign, own, gone]}), encoding="utf-8")
    return path


def test_a_body_has_the_ids_of_the_own_tags(tmp_path: Path) -> None:
    recipients = pa.table(dict(zip(CONTACT_COLUMNS, (["7"], ["wm1"], ["li"]), strict=True)))
    low, high = (TagSets.of_values(np.zeros(1, np.int64), [f"fw:churn:{value}"]) for value in ("low", "high"))
    changes = TagChanges(recipients, high, low, high)
    bodies = b"".join(mark_tag_bodies(iter([changes]), read_tag_ids(write_answer(tmp_path)), WECOM))
    assert json.loads(bodies) == {
        "userid": "li",
        "external_userid": "wm1",
        "add_tag": ["et2"],
        "remove_tag": ["et0"],
    }


def test_a_tag_that_wecom_has_deleted_is_not_removed_again(tmp_path: Path) -> None:
    recipients = pa.table(dict(zip(CONTACT_COLUMNS, (["7"], ["wm1"], ["li"]), strict=True)))
    none = TagSets.empty(1)
    removals = TagSets.of_set(np.ones(1, np.bool_), frozenset({"fw:churn:low", "fw:segments:爱茶"}))
    bodies = b"".join(
        mark_tag_bodies(
            iter([TagChanges(recipients, none, removals, none)]), read_tag_ids(write_answer(tmp_path)), WECOM
        )
    )
    assert json.loads(bodies)["remove_tag"] == ["et0"]


def test_the_tags_are_created_group_by_group() -> None:
    assert add_corp_tag_bodies([*CHURN, Band("segments", "爱茶")], WECOM) == [
        {"group_name": "fw 流失风险", "tag": [{"name": "低"}, {"name": "中"}, {"name": "高"}]},
        {"group_name": "fw 自定义分群", "tag": [{"name": "爱茶"}]},
    ]


def test_a_tag_without_an_id_is_named_before_anything_is_written(tmp_path: Path) -> None:
    tag_ids = read_tag_ids(write_answer(tmp_path))
    check_tag_ids(frozenset({"fw:churn:low"}), tag_ids, WECOM)
    with pytest.raises(TagFileInvalid, match=r"Found no id of fw:rfm:important_keep in t.json; expected each tag"):
        check_tag_ids(frozenset({"fw:churn:low", "fw:rfm:important_keep"}), tag_ids, WECOM)
    (tmp_path / "t.json").write_text("[]")
    with pytest.raises(TagFileInvalid, match="expected the answer of WeCom's externalcontact/get_corp_tag_list"):
        read_tag_ids(tmp_path / "t.json")


@pytest.mark.parametrize(
    ("bands", "text"),
    [
        ([Band("segments", "x" * 31)], "of 31 characters; expected at most 30, as WeCom takes"),
        ([Band("value_tier", "low"), Band("value_tier", "低")], "Found two tags named '低' in 'fw 价值层级'"),
        (
            [Band("segments", str(number)) for number in range(MAX_TAGS + 1)],
            "Found 10,001 tags; expected at most 10,000",
        ),
    ],
)
def test_tags_beyond_a_limit_of_wecom_are_refused_for_wecom_alone(bands: list[Band], text: str) -> None:
    check_names(bands, OTHER)
    check_names([Band("segments", "x" * 30)], WECOM)
    with pytest.raises(TagLimitExceeded, match=text):
        check_names(bands, WECOM)


def test_a_customer_with_more_tags_than_wecom_takes_is_refused() -> None:
    many = frozenset(str(number) for number in range(MAX_TAGS_OF_CONTACT + 1))
    tags = TagSets(np.ones(1, np.int64), (EMPTY, many))
    check_sets(tags, OTHER)
    with pytest.raises(TagLimitExceeded, match="Found a customer with 3,001 tags; expected at most 3,000"):
        check_sets(tags, WECOM)
