"""Member store and pagination: pages cover the list once, in order, without members who lack consent."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.audience_policy import AudiencePolicy
from serving.audiences.errors import AudienceNotFound, InvalidAudienceRequest, InvalidCursor
from serving.audiences.export import member_file, member_store, paging
from serving.audiences.export.audience_folder import DRAFT_PREFIX
from serving.audiences.export.cursors import decode_cursor, encode_cursor
from serving.audiences.export.paging import EXPORT_BATCH_SIZE, AudienceReader
from serving.audiences.holdout import HoldoutChoice
from serving.audiences.query.scores_table import Columns
from tests.serving.audiences.shop import NOW, SECRET, FakeConsent, count_audience, small_table

DAY = timedelta(days=1)
POLICY = AudiencePolicy()
WORST_FIRST: dict[str, Any] = {"order_by": {"column": "churn_probability", "descending": True}}


def store_audience(folder: Path, shop: Columns, consent: FakeConsent | None = None, **body: Any) -> str:  # noqa: ANN401
    consent = consent or FakeConsent()
    return member_store.store_audience(folder, count_audience(shop, consent, **body), consent, NOW, "mail/1", POLICY)


def names(table: pa.Table) -> list[str]:
    listed: list[str] = table.column("customer_id").to_pylist()
    return listed


def read_all_pages(
    folder: Path, audience: str, sizes: Sequence[int], consent: FakeConsent | None = None
) -> tuple[list[str], int]:
    """Read all pages of these sizes in turn; return the members and the number of excluded ones."""
    cursor, members, excluded, page_number = None, list[str](), 0, 0
    while True:
        page = AudienceReader(folder, SECRET).page(
            audience, cursor, sizes[page_number % len(sizes)], consent or FakeConsent()
        )
        members, excluded, page_number, cursor = (
            members + names(page.rows),
            excluded + page.excluded_by_consent,
            page_number + 1,
            page.next,
        )
        if cursor is None:
            return members, excluded


@settings(max_examples=25)
@given(sizes=st.lists(st.integers(1, 25), min_size=1, max_size=4), refused=st.sets(st.integers(0, 70), max_size=30))
def test_pages_one_after_the_other_are_the_list_less_those_refused(sizes: list[int], refused: set[int]) -> None:
    with TemporaryDirectory() as scratch:
        audience = store_audience(Path(scratch) / "a", shop := small_table(Path(scratch)), **WORST_FIRST)
        consent = FakeConsent([f"{number:03d}" for number in refused])
        members, excluded = read_all_pages(Path(scratch) / "a", audience, sizes, consent)
    all_members = names(count_audience(shop, **WORST_FIRST).members())
    assert members == [customer_id for customer_id in all_members if customer_id not in consent.refused]
    assert excluded == len(all_members) - len(members)


def test_who_objects_between_two_pages_is_not_on_the_second(folder: Path, shop: Columns) -> None:
    consent, reader = FakeConsent(), AudienceReader(folder, SECRET)
    audience = store_audience(folder, shop, consent)
    first = reader.page(audience, None, 10, consent)
    consent.refused = {"004", "012"}
    second = reader.page(audience, first.next, 10, consent)
    assert names(second.rows) == ["010", "011", *(f"0{number}" for number in range(13, 21))]
    assert second.excluded_by_consent == 1


def test_a_page_is_full_wherever_somebody_was_left_out(
    folder: Path, shop: Columns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "MIN_BATCH_SIZE", 4)
    audience = store_audience(folder, shop)
    consent = FakeConsent([f"{number:03d}" for number in range(40)])
    page = AudienceReader(folder, SECRET).page(audience, None, 10, consent)
    assert (names(page.rows), page.excluded_by_consent) == ([f"{number:03d}" for number in range(40, 50)], 40)
    assert page.next is not None
    consent.refused |= {f"{number:03d}" for number in range(50, 60)}
    last = AudienceReader(folder, SECRET).page(audience, page.next, 10, consent)
    assert (names(last.rows), last.next) == ([], None)


def test_no_page_promises_another_that_would_be_empty(folder: Path, shop: Columns) -> None:
    audience = store_audience(folder, shop)
    consent = FakeConsent([f"{number:03d}" for number in range(50, 60)])
    page = AudienceReader(folder, SECRET).page(audience, None, 50, consent)
    assert (len(page.rows), page.next) == (50, None)


@pytest.mark.parametrize("choice", ["exclude", "only", "include"])
def test_held_out_members_are_listed_by_choice_alone(folder: Path, shop: Columns, choice: HoldoutChoice) -> None:
    audience = store_audience(folder, shop, holdout={"share": 0.3, "name": "spring"})
    members = member_store.read_members(folder, audience)
    held_out = set(members.filter(members["holdout"])["customer_id"].to_pylist())
    listed = {"exclude": set(names(members)) - held_out, "only": held_out, "include": set(names(members))}[choice]
    reader, cursor, paged = AudienceReader(folder, SECRET, choice), None, list[str]()
    while True:
        page = reader.page(audience, cursor, 7, FakeConsent())
        paged, cursor = paged + names(page.rows), page.next
        assert ("holdout" in page.rows.column_names) == (choice == "include")
        if cursor is None:
            break
    assert set(paged) == listed
    assert len(paged) == len(listed)
    assert [name for table in reader.export(audience, FakeConsent()) for name in names(table)] == paged


def test_a_cursor_goes_on_with_its_own_choice_alone(folder: Path, shop: Columns) -> None:
    audience = store_audience(folder, shop, holdout={"share": 0.3, "name": "spring"})
    cursor = AudienceReader(folder, SECRET).page(audience, None, 5, FakeConsent()).next
    with pytest.raises(InvalidCursor, match="with the same holdout"):
        AudienceReader(folder, SECRET, "include").page(audience, cursor, 5, FakeConsent())


def test_the_hold_out_alone_of_an_audience_without_one_is_refused(folder: Path, shop: Columns) -> None:
    with pytest.raises(InvalidAudienceRequest, match="1 field") as refusal:
        AudienceReader(folder, SECRET, "only").page(store_audience(folder, shop), None, 5, FakeConsent())
    assert refusal.value.errors[0].field == "holdout"


def test_a_cursor_shows_no_order_number() -> None:
    cursors = [urlsafe_b64decode(encode_cursor("a" * 22, "exclude", number, SECRET))[:8] for number in range(1, 100)]
    assert len({cursor[:7] for cursor in cursors}) == 99


def test_who_is_forgotten_between_two_pages_shifts_nobody(folder: Path, shop: Columns) -> None:
    reader, consent = AudienceReader(folder, SECRET), FakeConsent()
    audience = store_audience(folder, shop)
    first = reader.page(audience, None, 10, consent)
    assert member_store.delete_customers(folder, ["003", "009", "010", "nobody"]) == 1
    second = reader.page(audience, first.next, 10, consent)
    assert names(second.rows) == [f"0{number}" for number in range(11, 21)]
    third = reader.page(audience, second.next, 10, consent)
    assert names(third.rows) == [f"0{number}" for number in range(21, 31)]
    assert "003" not in read_all_pages(folder, audience, [7])[0]


def test_who_is_forgotten_is_in_no_byte_of_any_audience(folder: Path, shop: Columns) -> None:
    filter_with_ids = {
        "any": [{"not": {"column": "customer_id", "equals": "042"}}, {"column": "customer_id", "in": ["042"]}]
    }
    audiences = [
        store_audience(folder, shop, filter=filter_with_ids),
        store_audience(folder, shop, limit=5),
        store_audience(folder, shop),
    ]
    assert member_store.delete_customers(folder, ["042"]) == 2
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert not [file for file in files if b"042" in file.read_bytes()]
    assert [len(member_store.read_members(folder, audience_id)) for audience_id in audiences] == [59, 5, 59]
    assert member_store.delete_customers(folder, ["042"]) == 0


def test_a_reader_keeps_the_list_that_it_began_with(folder: Path, shop: Columns) -> None:
    audience = store_audience(folder, shop)
    tables = AudienceReader(folder, SECRET).export(audience, FakeConsent())
    before = member_store.read_members(folder, audience)
    member_store.delete_customers(folder, ["000"])
    assert len(before) == 60
    assert names(before)[0] == "000"
    assert len(next(tables)) == 59


def test_who_was_forgotten_while_the_audience_was_made_is_not_written_down(folder: Path, shop: Columns) -> None:
    audience = count_audience(shop)
    written = member_store.store_audience(folder, audience, FakeConsent(["007"]), NOW, "mail/1", POLICY)
    assert "007" not in names(member_store.read_members(folder, written))


def test_an_audience_remembers_what_it_was_made_for(folder: Path, shop: Columns) -> None:
    filter_with_ids = {
        "all": [{"column": "customer_id", "in": ["001", "002"]}, {"column": "churn_probability", "below": 0.5}]
    }
    audience = store_audience(
        folder,
        shop,
        filter=filter_with_ids,
        channel="email",
        holdout={"share": 0.1, "name": "autumn"},
        columns=["value_tier"],
    )
    metadata = member_store.read_metadata(folder, audience)
    assert (metadata.audience_id, metadata.created_at, metadata.purpose, metadata.channel) == (
        audience,
        NOW,
        "marketing",
        "email",
    )
    assert (metadata.count, metadata.columns, metadata.scores.release) == (2, ["customer_id", "value_tier"], "7")
    assert metadata.filter == {
        "all": [{"column": "customer_id", "in": "2 customers"}, {"column": "churn_probability", "below": 0.5}]
    }


def test_ids_of_audiences_cannot_be_guessed(folder: Path, shop: Columns) -> None:
    audience_ids = {store_audience(folder, shop) for _ in range(5)}
    assert len(audience_ids) == 5
    assert {len(audience_id) for audience_id in audience_ids} == {22}


@pytest.mark.parametrize("unknown", ["", "x", "..", "../../etc", "a" * 22, "/" * 22, "ä" * 22])
def test_an_audience_that_is_not_there_is_said_to_be_so(folder: Path, shop: Columns, unknown: str) -> None:
    store_audience(folder, shop)
    with pytest.raises(AudienceNotFound, match=r"Found no audience .*it never existed, or it has expired"):
        AudienceReader(folder, SECRET).page(unknown, None, 10, FakeConsent())
    with pytest.raises(AudienceNotFound, match="Found no audience"):
        member_store.read_metadata(folder, unknown)


def test_old_audiences_and_unfinished_ones_are_deleted(folder: Path, shop: Columns) -> None:
    old, young = (
        store_audience(folder, shop),
        member_store.store_audience(folder, count_audience(shop), FakeConsent(), NOW + 2 * DAY, "mail/1", POLICY),
    )
    (folder / ".draft-of-a-crash").mkdir()
    assert member_store.delete_expired(folder, 3 * DAY, NOW + 2 * DAY) == []
    assert member_store.delete_expired(folder, DAY, NOW + 2 * DAY) == [old]
    assert sorted(path.name for path in folder.iterdir()) == sorted([".lock", young])


def test_without_any_audience_there_is_nothing_to_forget(folder: Path) -> None:
    assert (member_store.delete_customers(folder, ["001"]), member_store.delete_expired(folder, DAY, NOW)) == (0, [])


def test_an_audience_of_nobody_has_one_empty_page(folder: Path, shop: Columns) -> None:
    no_match = {"column": "value_tier", "equals": "platinum"}
    audience = store_audience(folder, shop, filter=no_match, holdout={"share": 0.1, "name": "a"})
    page = AudienceReader(folder, SECRET).page(audience, None, 10, FakeConsent())
    assert (len(page.rows), page.excluded_by_consent, page.next) == (0, 0, None)
    assert page.rows.column_names[:2] == ["customer_id", "churn_probability"]
    assert [len(table) for table in AudienceReader(folder, SECRET).export(audience, FakeConsent())] == [0]


def test_an_export_is_the_list_and_asks_consent_for_each_part(
    folder: Path, shop: Columns, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert EXPORT_BATCH_SIZE > 60
    monkeypatch.setattr(paging, "EXPORT_BATCH_SIZE", 25)
    consent = FakeConsent(["001"])
    tables = AudienceReader(folder, SECRET).export(store_audience(folder, shop), consent)
    first = next(tables)
    consent.refused.add("030")
    rest = [names(table) for table in tables]
    assert len(first) == 24
    assert [len(part) for part in rest] == [24, 10]


def test_an_audience_of_many_batches_is_read_across_them(
    folder: Path, shop: Columns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(member_file, "BATCH_SIZE", 7)
    audience = store_audience(folder, shop)
    assert read_all_pages(folder, audience, [5])[0] == [f"{number:03d}" for number in range(60)]


@pytest.mark.parametrize(
    "forged",
    [
        "",
        "x",
        "AAAA",
        "ä",
        "é" * 32,
        encode_cursor("b" * 22, "exclude", 10, SECRET),
        encode_cursor("a" * 22, "exclude", 10, b"another secret"),
        "A" * 32,
    ],
)
def test_a_cursor_of_another_making_is_refused(folder: Path, shop: Columns, forged: str) -> None:
    audience = store_audience(folder, shop)
    with pytest.raises(
        InvalidCursor, match=r"Found a cursor that was not given out for this audience; expected one from"
    ):
        AudienceReader(folder, SECRET).page(audience, forged, 10, FakeConsent())


@pytest.mark.parametrize("more", ["\n", "=", "\n====", "AAAA"])
def test_a_cursor_with_anything_after_it_is_refused(more: str) -> None:
    with pytest.raises(InvalidCursor, match="Found a cursor"):
        decode_cursor("a" * 22, "exclude", encode_cursor("a" * 22, "exclude", 10, SECRET) + more, SECRET)


@settings(max_examples=60)
@given(index=st.integers(0, 31), letter=st.sampled_from("ABCxyz019-_=+/ \n"))
def test_a_cursor_with_any_letter_changed_is_refused(index: int, letter: str) -> None:
    cursor = encode_cursor("a" * 22, "exclude", 10, SECRET)
    altered = cursor[:index] + letter + cursor[index + 1 :]
    if altered == cursor:
        assert decode_cursor("a" * 22, "exclude", altered, SECRET) == 10
    else:
        with pytest.raises(InvalidCursor, match="Found a cursor"):
            decode_cursor("a" * 22, "exclude", altered, SECRET)


def test_a_draft_that_nobody_finished_holds_the_forgotten_no_longer(folder: Path, shop: Columns) -> None:
    audience = store_audience(folder, shop)
    draft = folder / f"{DRAFT_PREFIX}{audience}"
    (folder / audience).rename(draft)
    assert member_store.delete_customers(folder, ["001"]) == 0
    assert not draft.exists()
