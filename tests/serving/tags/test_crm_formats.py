"""CRM formats: requests within the limits of each tool, with the whole list of tags of every customer who changed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import orjson
import pyarrow as pa
import pytest

from features.config.tags import TagsConfig
from serving.tags.contacts import Recipients
from serving.tags.crm_formats import CRM_FORMATS, MAX_BYTES
from serving.tags.errors import TagLimitExceeded
from serving.tags.tag_changes import TagChanges
from serving.tags.tag_sets import EMPTY, TagSets

CONFIG = TagsConfig(channel="email")


def changes(*sets: frozenset[str]) -> Iterator[TagChanges]:
    ids = pa.array([f"c{number}" for number in range(len(sets))])
    tags = TagSets.empty(0)
    for tag_set in sets:
        tags = tags.concat(TagSets(np.array([int(bool(tag_set))]), (EMPTY, tag_set)[: 1 + bool(tag_set)]))
    none = TagSets.empty(len(sets))
    yield TagChanges(Recipients.of_customers(ids).table, none, none, tags)


def lines(name: str, *sets: frozenset[str]) -> list[bytes]:
    return b"".join(CRM_FORMATS[name](changes(*sets), CONFIG)).splitlines()


BOTH = frozenset({"fw:churn:low", "fw:rfm:ordinary_keep"})


def test_klaviyo_gets_a_list_property() -> None:
    (line,) = lines("klaviyo", BOTH, EMPTY)
    profiles = orjson.loads(line)["data"]["attributes"]["profiles"]["data"]
    assert [profile["attributes"] for profile in profiles] == [
        {"external_id": "c0", "properties": {"fw_tags": sorted(BOTH)}},
        {"external_id": "c1", "properties": {"fw_tags": []}},
    ]


def test_braze_gets_an_array_attribute_of_users_that_it_has() -> None:
    (line,) = lines("braze", BOTH)
    user = {"external_id": "c0", "_update_existing_only": True, "fw_tags": sorted(BOTH)}
    assert orjson.loads(line) == {"attributes": [user]}


def test_hubspot_gets_checkboxes() -> None:
    (line,) = lines("hubspot", BOTH, EMPTY)
    assert orjson.loads(line)["inputs"] == [
        {"idProperty": "customer_id", "id": "c0", "properties": {"fw_tags": "fw:churn:low;fw:rfm:ordinary_keep"}},
        {"idProperty": "customer_id", "id": "c1", "properties": {"fw_tags": ""}},
    ]


def test_salesforce_gets_a_picklist_and_a_word_that_empties_it() -> None:
    assert lines("salesforce", BOTH, EMPTY) == [
        b'"customer_id__c","fw_tags__c"',
        b'"c0","fw:churn:low;fw:rfm:ordinary_keep"',
        b'"c1","#N/A"',
    ]
    assert b"".join(CRM_FORMATS["salesforce"](iter([]), CONFIG)) == b'"customer_id__c","fw_tags__c"\n'


@pytest.mark.parametrize("name", ["hubspot", "salesforce"])
def test_a_tag_that_the_tool_would_take_for_two_is_refused(name: str) -> None:
    with pytest.raises(TagLimitExceeded, match="Found a semicolon in the tag 'fw:segments:a;b'; expected none"):
        lines(name, frozenset({"fw:segments:a;b"}))


@pytest.mark.parametrize(("name", "limit"), [("braze", 75), ("hubspot", 100)])
def test_no_request_has_more_customers_than_the_tool_takes(name: str, limit: int) -> None:
    requests = lines(name, *[BOTH] * (2 * limit + 1))
    sizes = [len(next(iter(orjson.loads(request).values()))) for request in requests]
    assert sizes == [limit, limit, 1]


def test_no_request_has_more_bytes_than_the_tool_takes() -> None:
    long = frozenset({"fw:segments:" + "x" * (MAX_BYTES // 3)})
    requests = lines("klaviyo", *[long] * 5)
    assert [len(request) < 4_000_000 for request in requests] == [True] * 3
