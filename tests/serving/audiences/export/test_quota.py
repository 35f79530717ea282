"""Quota: neither a home nor one of its keys stores more audiences, or more bytes, than the settings allow."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from serving.audience_policy import AudiencePolicy
from serving.audiences.errors import AudienceStorageFull
from serving.audiences.export.quota import StoredAudience, check_quota
from tests.serving.audiences.shop import NOW

MEGABYTE = 1024**2
POLICY = AudiencePolicy(max_audiences=6, max_audience_bytes=10 * MEGABYTE)


def audiences(*owners: str | None, nbytes: int = 0) -> Sequence[StoredAudience]:
    return [StoredAudience("a" * 22, NOW, owner, 1, nbytes) for owner in owners]


def test_a_key_stores_half_of_what_the_home_may_store() -> None:
    check_quota(audiences("mail", "mail"), "mail", 0, POLICY)
    with pytest.raises(AudienceStorageFull, match=r"3 stored audiences of this key; expected at most 3\. Delete one"):
        check_quota(audiences("mail", "mail", "mail"), "mail", 0, POLICY)
    check_quota(audiences("mail", "mail", "mail"), "push", 0, POLICY)


def test_all_keys_together_store_no_more_than_the_home_may_store() -> None:
    full = audiences("mail", "mail", "push", "push", "push", None)
    with pytest.raises(AudienceStorageFull, match="6 stored audiences of this home; expected at most 6"):
        check_quota(full, "mail", 0, POLICY)


@pytest.mark.parametrize(("stored", "owner"), [(("mail",), "key"), (("push", "push", None), "home")])
def test_bytes_count_as_audiences_do(stored: tuple[str | None, ...], owner: str) -> None:
    check_quota(audiences(*stored, nbytes=3 * MEGABYTE), "mail", MEGABYTE, POLICY)
    with pytest.raises(AudienceStorageFull, match=rf"MB of stored audiences of this {owner} with this one"):
        check_quota(audiences(*stored, nbytes=3 * MEGABYTE), "mail", 3 * MEGABYTE, POLICY)
