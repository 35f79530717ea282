"""CRM formats: changes as requests, or as a file, for tools that keep a customer's tags as one list and replace it.

Sources: Klaviyo, "Bulk Import Profiles" (10,000 profiles and 5 MB a request); Braze, "Create and update users" (75
objects a request) and "User data endpoints" (4 MB); HubSpot, "Update contacts" (a value is overwritten) and "How do I
set multiple values for checkbox properties" (semicolons); Salesforce, "Prepare CSV Files" of Bulk API 2.0 (``#N/A``
empties a field). The list is the tool's property ``<prefix>_tags``, which nobody else writes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson
import pyarrow as pa

from features.config.tags import TagsConfig
from serving.audiences.formats import csv
from serving.tags.contacts import CUSTOMER_ID, EXTERNAL_USERID
from serving.tags.errors import TagLimitExceeded
from serving.tags.tag_changes import TagChanges

Changes = Iterator[TagChanges]
MAX_BYTES = 3_500_000  # of a request, below the 4 MB of Braze and the 5 MB of Klaviyo


def klaviyo(changes: Changes, config: TagsConfig) -> Iterator[bytes]:
    """Yield a line for each request to ``profile-bulk-import-jobs``, of at most 10,000 profiles."""
    profiles = (
        {"type": "profile", "attributes": {"external_id": customer, "properties": {_property(config): tags}}}
        for customer, tags in _lists(changes, config)
    )
    for batch in _batches(profiles, 10_000):
        yield _line({
            "data": {"type": "profile-bulk-import-job", "attributes": {"profiles": {"data": batch}}}
        })  # fmt: skip


def braze(changes: Changes, config: TagsConfig) -> Iterator[bytes]:
    """Yield a line for each request to ``users/track``, of at most 75 users; it creates no user."""
    users = (
        {"external_id": customer, "_update_existing_only": True, _property(config): tags}
        for customer, tags in _lists(changes, config)
    )
    for batch in _batches(users, 75):
        yield _line({"attributes": batch})


def hubspot(changes: Changes, config: TagsConfig) -> Iterator[bytes]:
    """Yield a line for each request to ``contacts/batch/update``, of at most 100 contacts."""
    contacts = (
        {"idProperty": CUSTOMER_ID, "id": customer, "properties": {_property(config): _join_keys(tags)}}
        for customer, tags in _lists(changes, config)
    )
    for batch in _batches(contacts, 100):
        yield _line({"inputs": batch})


def salesforce(changes: Changes, config: TagsConfig) -> Iterator[bytes]:
    """Yield a CSV file for an upsert by Bulk API 2.0: an external id, and a multi-select picklist."""
    yield from csv(_picklists(changes, config), "keep")


CRM_FORMATS: Mapping[str, Callable[[Changes, TagsConfig], Iterator[bytes]]] = {
    "klaviyo": klaviyo,
    "braze": braze,
    "hubspot": hubspot,
    "salesforce": salesforce,
}


def _property(config: TagsConfig) -> str:
    return f"{config.prefix.lower()}_tags"


def _lists(changes: Changes, config: TagsConfig) -> Iterator[tuple[str, list[str]]]:
    """Yield the tool's id of each recipient with all its tags."""
    name = CUSTOMER_ID if config.contacts is None else EXTERNAL_USERID
    for part in changes:
        yield from zip(part.recipients[name].to_pylist(), part.tags.to_lists(), strict=True)


def _join_keys(tags: list[str]) -> str:
    """Return a list as one text; raises TagLimitExceeded for a tag that the tool would take for two."""
    for key in tags:
        if ";" in key:
            raise TagLimitExceeded(
                f"Found a semicolon in the tag {key!r}; expected none, because this tool separates tags with it. "
                "Rename the segment or tier."
            )
    return ";".join(tags)


def _batches(items: Iterator[dict[str, Any]], size: int) -> Iterator[list[orjson.Fragment]]:
    """Yield lists of at most ``size`` items and MAX_BYTES bytes."""
    batch, nbytes = list[orjson.Fragment](), 0
    for text in map(orjson.dumps, items):
        if batch and (len(batch) == size or nbytes + len(text) > MAX_BYTES):
            yield batch
            batch, nbytes = [], 0
        batch.append(orjson.Fragment(text))
        nbytes += len(text) + 1
    if batch:
        yield batch


def _line(body: Mapping[str, Any]) -> bytes:
    return orjson.dumps(body, option=orjson.OPT_APPEND_NEWLINE)


def _picklists(changes: Changes, config: TagsConfig) -> Iterator[pa.Table]:
    """Yield a table for each part; the first one is empty, so that a file without changes has its header."""
    names = (f"{CUSTOMER_ID}__c", f"{_property(config)}__c")
    yield pa.table(dict.fromkeys(names, pa.array([], pa.string())))
    for part in changes:
        ids, tags = zip(*_lists(iter([part]), config), strict=True)
        texts = [_join_keys(row) or "#N/A" for row in tags]
        yield pa.table({names[0]: pa.array(ids, pa.string()), names[1]: pa.array(texts, pa.string())})
