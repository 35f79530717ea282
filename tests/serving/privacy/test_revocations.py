"""Revocations: a customer who withdrew consent or was erased is in no later export, whatever runs concurrently."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.consents.backends import open_ledger
from features.consents.consent import ALL_CHANNELS, MARKETING, PROFILING, Consent, Defaults, ReachRequest
from features.consents.erasure_state import erased_until
from features.consents.ledger import ConsentStatus, Ledger
from features.online.backends import LMDB
from serving.audience_policy import AudiencePolicy
from serving.audiences.audience_service import AudienceService, ExportContext
from serving.audiences.consent_filter import ConsentFilter
from serving.audiences.schema import AudienceRequest
from serving.observability.audit_log import AuditLog
from serving.privacy import erasure
from serving.privacy.erasure import erase_customer
from tests.dictionary_storage import in_memory_ledger
from tests.serving import scored
from tests.serving.fakes import TODAY

pytestmark = pytest.mark.slow

IDS = [f"c{number:03d}" for number in range(120)]
EXPORT = ExportContext("test", TODAY, "json", is_admin=True)


def open_service(home: Path, ledger: Ledger) -> AudienceService:
    ledger.set_defaults(Defaults(marketing=True))
    scored.write_scores(home, ledger, IDS)
    return AudienceService.for_home(home, ledger, AuditLog.open(home), AudiencePolicy())


def make_audience(service: AudienceService, **body: object) -> str:
    return make_and_count(service, **body)[0]


def make_and_count(service: AudienceService, **body: object) -> tuple[str, int]:
    answer = service.create(AudienceRequest.model_validate(body), EXPORT)
    assert answer.audience_id is not None
    assert answer.count is not None
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
    """The customers who have revoked so far; an id is added only after the ledger has it."""

    def __init__(self, customer_ids: Sequence[str], revoke: Callable[[str], None]) -> None:
        self._customer_ids = customer_ids
        self._revoke = revoke
        self._names: list[str] = []

    def run(self) -> None:
        for customer_id in self._customer_ids:
            self._revoke(customer_id)
            self._names.append(customer_id)

    def revoked_ids(self) -> set[str]:
        return set(self._names)


@pytest.mark.parametrize("kind", ["marketing", "channel", "profiling", "erased"])
def test_whoever_has_said_no_before_a_page_is_asked_for_is_not_in_it(tmp_path: Path, kind: str) -> None:
    ledger = open_ledger(tmp_path, LMDB)
    service = open_service(tmp_path, ledger)

    def revoke(customer_id: str) -> None:
        if kind == "erased":
            erase_customer(tmp_path, LMDB, ledger, customer_id)
            return
        purpose, channel = {"profiling": (PROFILING, ALL_CHANNELS), "marketing": (MARKETING, ALL_CHANNELS)}.get(
            kind, (MARKETING, "email")
        )
        ledger.record({customer_id: [Consent(purpose, channel, granted=False, changed_at=TODAY)]})

    revoked = IDS[::12] if kind == "erased" else IDS[::3]  # an erasure syncs the disk
    revocations, finished = Revocations(revoked, revoke), threading.Event()
    frozen = make_audience(service, channel="email")

    def read_pages() -> int:
        reads = 0
        while not finished.is_set() or reads == 0:
            for audience_id in (frozen, make_audience(service, channel="email", limit=100)):
                before = revocations.revoked_ids()
                for page in exported_pages(service, audience_id):
                    assert not page & before
                    before = revocations.revoked_ids()
            reads += 1
        return reads

    with ThreadPoolExecutor(3) as pool:
        readers = [pool.submit(read_pages) for _ in range(2)]
        try:
            pool.submit(revocations.run).result()
        finally:
            finished.set()
        assert all(reader.result() for reader in readers)
    assert set().union(*exported_pages(service, frozen)) == set(IDS) - set(revoked)


consent_changes = st.tuples(
    st.sampled_from(IDS[:20]),
    st.sampled_from([MARKETING, PROFILING]),
    st.sampled_from([ALL_CHANNELS, "email", "sms"]),
    st.booleans(),
    st.none() | st.integers(0, 5),
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
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
    home, ledger = tmp_path_factory.mktemp("home"), in_memory_ledger()

    def record(changes: list[tuple[str, str, str, bool, int | None]], changed_at: int) -> None:
        for index, (customer_id, purpose, named_channel, granted, until) in enumerate(changes):
            recorded_channel = ALL_CHANNELS if purpose == PROFILING else named_channel
            recorded_until = None if until is None else until * TODAY // 3
            ledger.record(
                {customer_id: [Consent(purpose, recorded_channel, granted, changed_at + index, recorded_until)]}
            )

    record(before, 0)
    service = open_service(home, ledger)
    known = service.scores.columns().ids.to_pylist()
    record(after, 1_000)
    audience_id, count = make_and_count(service, channel=channel)
    members = set().union(*exported_pages(service, audience_id))
    assert count == len(members)
    defaults = ledger.defaults()

    def reachable(customer_id: str) -> bool:
        consents = ledger.consents(customer_id).consents
        channels = (
            {channel}
            if channel
            else {ALL_CHANNELS, *(consent.channel for consent in consents.entries if consent.purpose == MARKETING)}
        )
        profiled = consents.allows(PROFILING, ALL_CHANNELS, TODAY, defaults)
        return profiled and any(consents.allows(MARKETING, channel_name, TODAY, defaults) for channel_name in channels)

    assert members == {customer_id for customer_id in known if reachable(customer_id)}


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(threshold=st.floats(0, 1), refused=st.sets(st.sampled_from(IDS), max_size=30))
def test_an_audience_and_its_complement_part_those_who_consented(
    tmp_path_factory: pytest.TempPathFactory, threshold: float, refused: set[str]
) -> None:
    home, ledger = tmp_path_factory.mktemp("home"), in_memory_ledger()
    ledger.record(
        {customer_id: [Consent(MARKETING, ALL_CHANNELS, granted=False, changed_at=1)] for customer_id in refused}
    )
    service = open_service(home, ledger)
    condition = {"column": "churn_probability", "at_least": threshold}
    inside = set().union(*exported_pages(service, make_audience(service, filter=condition)))
    outside = set().union(*exported_pages(service, make_audience(service, filter={"not": condition})))
    assert inside | outside == set(IDS) - refused
    assert not inside & outside


def test_who_said_no_between_the_count_and_the_writing_down_is_not_written_down(tmp_path: Path) -> None:
    ledger = in_memory_ledger()
    ledger.set_defaults(Defaults(marketing=True))
    consent_filter, request = ConsentFilter(ledger, tmp_path), ReachRequest(MARKETING, "email")
    before = consent_filter.state()
    ledger.record({"c001": [Consent(MARKETING, "email", granted=False, changed_at=1)]})
    ledger.record({"c002": [Consent(MARKETING, "sms", granted=False, changed_at=1)]})
    ledger.erase("c003")
    allowed = consent_filter.still_allowed(["c000", "c001", "c002", "c003"], request, before, TODAY)
    assert allowed.tolist() == [True, False, True, False]


def test_one_erasure_does_not_hide_another_that_is_not_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = open_ledger(tmp_path, LMDB)
    service = open_service(tmp_path, ledger)

    def delete_while_another_is_erased(home: Path, customer_ids: list[str]) -> dict[str, int]:
        monkeypatch.undo()
        ledger.erase("c007")
        return erasure.delete_from_tables(home, customer_ids)

    monkeypatch.setattr(erasure, "delete_from_tables", delete_while_another_is_erased)
    assert erase_customer(tmp_path, LMDB, ledger, "c003").finished
    erasure.apply_pending_erasures(tmp_path, LMDB, ledger)
    assert "c007" not in set(service.scores.columns().ids.to_pylist())
    assert make_and_count(service)[1] == len(IDS) - 2


def test_whoever_was_erased_is_not_counted_by_a_version_of_the_table_read_before(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path, LMDB)
    service = open_service(tmp_path, ledger)
    columns = service.scores.columns()
    assert erase_customer(tmp_path, LMDB, ledger, "c003").finished
    allowed = ConsentFilter(ledger, tmp_path).mask(columns, ReachRequest(MARKETING), TODAY)
    assert not allowed[columns.customer_mask(["c003"])].any()
    assert allowed.sum() == len(IDS) - 1


def test_a_torn_table_keeps_nobody_from_being_forgotten_and_the_erasure_ends_once_it_is_written_again(
    tmp_path: Path,
) -> None:
    ledger = open_ledger(tmp_path, LMDB)
    service = open_service(tmp_path, ledger)
    torn = tmp_path / "history" / "orders.parquet"
    torn.parent.mkdir()
    torn.write_text("torn")
    assert not erase_customer(tmp_path, LMDB, ledger, "c003").finished
    assert ledger.statuses(["c003"], TODAY) == [ConsentStatus.ERASED]
    assert "c003" not in set(service.scores.columns().ids.to_pylist())
    erasure.apply_pending_erasures(tmp_path, LMDB, ledger)
    assert erased_until(tmp_path) == 0
    pq.write_table(pa.table({"customer_id": ["c003", "c004"], "at_us": [1, 2]}), torn)
    erasure.apply_pending_erasures(tmp_path, LMDB, ledger)
    assert pq.read_table(torn)["customer_id"].to_pylist() == ["c004"]
    assert erased_until(tmp_path) == ledger.state()
