"""Nobody who said no, or asked to be forgotten, is in anything taken out afterwards, whatever happens at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.consents.backends import open_ledger
from features.consents.consent import ALL_CHANNELS, MARKETING, PROFILING, Consent, Defaults, ReachRequest
from features.consents.ledger import ConsentStatus, Ledger
from features.online.backends import LMDB
from serving.audiences.audience_service import AudienceService, ExportContext
from serving.audiences.consent_filter import ConsentFilter
from serving.audiences.schema import AudienceRequest
from serving.observability.audit_log import AuditLog
from serving.privacy import erasure
from serving.privacy.erasure import erase_customer
from tests.dictionary_storage import in_memory_ledger
from tests.serving import scored
from tests.serving.fakes import TODAY

IDS = [f"c{number:03d}" for number in range(120)]
EXPORT = ExportContext("test", TODAY, "json")


def open_service(home: Path, ledger: Ledger) -> AudienceService:
    ledger.set_defaults(Defaults(marketing=True))
    scored.write_scores(home, ledger, IDS)
    return AudienceService.for_home(home, ledger, AuditLog.open(home))


def make_audience(service: AudienceService, **asked: object) -> str:
    return make_and_count(service, **asked)[0]


def make_and_count(service: AudienceService, **asked: object) -> tuple[str, int]:
    answer = service.create(AudienceRequest.model_validate(asked), EXPORT)
    assert answer.audience_id is not None
    return answer.audience_id, answer.count


def exported_pages(service: AudienceService, audience_id: str, size: int = 50) -> Iterator[set[str]]:
    cursor = None
    while True:
        page = service.page(audience_id, cursor, size, EXPORT).page
        yield set(page.rows["customer_id"].to_pylist())
        cursor = page.next
        if cursor is None:
            return


class Revocations:
    """Who has said no so far; a name stands here only after the ledger has it."""

    def __init__(self, revoke: Callable[[str], None]) -> None:
        self._revoke = revoke
        self._names: list[str] = []

    def run(self) -> None:
        for customer_id in IDS[::3]:
            self._revoke(customer_id)
            self._names.append(customer_id)

    def revoked_ids(self) -> set[str]:
        return set(self._names)


@pytest.mark.parametrize("how", ["marketing", "channel", "profiling", "forgotten"])
def test_whoever_has_said_no_before_a_page_is_asked_for_is_not_in_it(tmp_path: Path, how: str) -> None:
    rights = open_ledger(tmp_path, LMDB)
    desk = open_service(tmp_path, rights)

    def say(customer_id: str) -> None:
        if how == "forgotten":
            erase_customer(tmp_path, LMDB, rights, customer_id)
            return
        purpose, channel = {"profiling": (PROFILING, ALL_CHANNELS), "marketing": (MARKETING, ALL_CHANNELS)}.get(
            how, (MARKETING, "email")
        )
        rights.record({customer_id: [Consent(purpose, channel, granted=False, changed_at=TODAY)]})

    refusals, ended = Revocations(say), threading.Event()
    frozen = make_audience(desk, channel="email")

    def look() -> int:
        looks = 0
        while not ended.is_set() or looks == 0:
            for found in (frozen, make_audience(desk, channel="email", limit=100)):
                before = refusals.revoked_ids()
                for page in exported_pages(desk, found):
                    assert not page & before
                    before = refusals.revoked_ids()
            looks += 1
        return looks

    with ThreadPoolExecutor(3) as pool:
        looking = [pool.submit(look) for _ in range(2)]
        try:
            pool.submit(refusals.run).result()
        finally:
            ended.set()
        assert all(one.result() for one in looking)
    assert set().union(*exported_pages(desk, frozen)) == set(IDS) - set(IDS[::3])


consent_changes = st.tuples(
    st.sampled_from(IDS[:20]),
    st.sampled_from([MARKETING, PROFILING]),
    st.sampled_from([ALL_CHANNELS, "email", "sms"]),
    st.booleans(),
    st.none() | st.integers(0, 5),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=st.lists(consent_changes, max_size=12),
    after=st.lists(consent_changes, max_size=12),
    channel=st.sampled_from([None, "email", "sms"]),
)
def test_a_count_is_what_the_ledger_says_one_by_one(
    tmp_path_factory: pytest.TempPathFactory,
    before: list[tuple[str, str, str, bool, int | None]],
    after: list[tuple[str, str, str, bool, int | None]],
    channel: str | None,
) -> None:
    home, rights = tmp_path_factory.mktemp("home"), in_memory_ledger()

    def tell(words: list[tuple[str, str, str, bool, int | None]], at: int) -> None:
        for place, (who, purpose, where, granted, until) in enumerate(words):
            on = ALL_CHANNELS if purpose == PROFILING else where
            end = None if until is None else until * TODAY // 3
            rights.record({who: [Consent(purpose, on, granted, at + place, end)]})

    tell(before, 0)
    desk = open_service(home, rights)
    known = desk.scores.columns().ids.to_pylist()
    tell(after, 1_000)
    found, count = make_and_count(desk, channel=channel)
    members = set().union(*exported_pages(desk, found))
    assert count == len(members)
    defaults = rights.defaults()

    def reachable(customer_id: str) -> bool:
        consents = rights.consents(customer_id).consents
        channels = (
            {channel}
            if channel
            else {ALL_CHANNELS, *(word.channel for word in consents.entries if word.purpose == MARKETING)}
        )
        profiled = consents.allows(PROFILING, ALL_CHANNELS, TODAY, defaults)
        return profiled and any(consents.allows(MARKETING, one, TODAY, defaults) for one in channels)

    assert members == {one for one in known if reachable(one)}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(threshold=st.floats(0, 1), refused=st.sets(st.sampled_from(IDS), max_size=30))
def test_an_audience_and_its_complement_part_those_who_consented(
    tmp_path_factory: pytest.TempPathFactory, threshold: float, refused: set[str]
) -> None:
    home, rights = tmp_path_factory.mktemp("home"), in_memory_ledger()
    rights.record({one: [Consent(MARKETING, ALL_CHANNELS, granted=False, changed_at=1)] for one in refused})
    desk = open_service(home, rights)
    condition = {"column": "churn_probability", "at_least": threshold}
    mine = set().union(*exported_pages(desk, make_audience(desk, filter=condition)))
    others = set().union(*exported_pages(desk, make_audience(desk, filter={"not": condition})))
    assert mine | others == set(IDS) - refused
    assert not mine & others


def test_who_said_no_between_the_count_and_the_writing_down_is_not_written_down(tmp_path: Path) -> None:
    rights = in_memory_ledger()
    rights.set_defaults(Defaults(marketing=True))
    reach, asked = ConsentFilter(rights, tmp_path), ReachRequest(MARKETING, "email")
    before = reach.state()
    rights.record({"c001": [Consent(MARKETING, "email", granted=False, changed_at=1)]})
    rights.record({"c002": [Consent(MARKETING, "sms", granted=False, changed_at=1)]})
    rights.erase("c003")
    still = reach.still_allowed(["c000", "c001", "c002", "c003"], asked, before, TODAY)
    assert still.tolist() == [True, False, True, False]


def test_one_erasure_does_not_hide_another_that_is_not_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rights = open_ledger(tmp_path, LMDB)
    desk = open_service(tmp_path, rights)

    def erased_while_another_is_forgotten(home: Path, customer_ids: list[str]) -> dict[str, int]:
        monkeypatch.undo()
        rights.erase("c007")
        return erasure._delete_rows(home, customer_ids)

    monkeypatch.setattr(erasure, "_delete_rows", erased_while_another_is_forgotten)
    assert erase_customer(tmp_path, LMDB, rights, "c003").finished
    erasure.apply_pending_erasures(tmp_path, LMDB, rights)
    assert "c007" not in set(desk.scores.columns().ids.to_pylist())
    assert make_and_count(desk)[1] == len(IDS) - 2


def test_whoever_was_erased_is_not_counted_by_a_version_of_the_table_read_before(tmp_path: Path) -> None:
    rights = open_ledger(tmp_path, LMDB)
    desk = open_service(tmp_path, rights)
    columns = desk.scores.columns()
    assert erase_customer(tmp_path, LMDB, rights, "c003").finished
    may = ConsentFilter(rights, tmp_path).mask(columns, ReachRequest(MARKETING), TODAY)
    assert not may[columns.customer_mask(["c003"])].any()
    assert may.sum() == len(IDS) - 1


def test_a_home_that_cannot_be_read_keeps_nobody_from_being_forgotten(tmp_path: Path) -> None:
    rights = open_ledger(tmp_path, LMDB)
    (tmp_path / "history").mkdir()
    (tmp_path / "history" / "orders.parquet").write_text("torn")
    with pytest.raises(ValueError, match="Parquet"):
        erase_customer(tmp_path, LMDB, rights, "c003")
    assert rights.statuses(["c003"], TODAY) == [ConsentStatus.ERASED]
