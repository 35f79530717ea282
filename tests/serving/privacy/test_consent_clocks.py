"""Consent clocks: no date that a caller or a log invents outranks a customer's later no."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.calendar import instant
from features.consents.consent import ALL_CHANNELS, MARKETING, Consent, ReachRequest
from features.consents.ledger import Ledger
from features.consents.log_import import import_consents
from serving.observability.clock import PinnedClock
from serving.privacy.consents import pending_changes
from serving.schemas.privacy import ConsentChange, ConsentChanges
from tests.dictionary_storage import in_memory_ledger
from tests.serving.fakes import TODAY, FakeFeatureReader, FakeRelease, KnownCustomer, Shop

UTC_ZONE = ZoneInfo("UTC")
HOUR = 3_600_000_000
CHANNELS = ("email", "sms")
COLUMNS = ("customer_id", "purpose", "channel", "granted", "at_us", "spelling")


@dataclass(frozen=True)
class Word:
    """One consent that somebody claims; the date is in hours after it is recorded, None for a word without one."""

    channel: str
    granted: bool
    hours_ahead: int | None
    in_log: bool


@dataclass
class Records:
    """A ledger that words reach over HTTP and, again and again, from a log; each step is an hour later."""

    history: Path
    ledger: Ledger = field(default_factory=in_memory_ledger)
    now: int = TODAY
    log: list[Consent] = field(default_factory=list)
    heard: list[tuple[Consent, int]] = field(default_factory=list)  # with the time of recording

    def hear(self, word: Word) -> None:
        self.now += HOUR + 1  # no two words are of one instant
        claimed_at = self.now + HOUR * (word.hours_ahead or 0)
        self.heard.append((Consent(MARKETING, word.channel, word.granted, claimed_at), self.now))
        if word.in_log:
            self.log.append(self.heard[-1][0])
            import_log(self.history, self.log, self.ledger, self.now)
        else:
            put(self.ledger, word.channel, word.granted, None if word.hours_ahead is None else claimed_at, self.now)

    def reaches(self, channel: str) -> bool:
        return self.ledger.can_reach(["ann"], ReachRequest(MARKETING, channel), self.now) == [True]

    def may_reach(self, channel: str) -> bool:
        """Whether every truthful no was followed by a grant that is dated after it, and was not recorded before it."""
        of_channel = [pair for pair in self.heard if pair[0].channel in (channel, ALL_CHANNELS)]
        denied_at = [
            word.changed_at for word, heard_at in of_channel if not word.granted and word.changed_at <= heard_at
        ]
        granted_at = [min(word.changed_at, heard_at) for word, heard_at in of_channel if word.granted]
        return bool(granted_at) and max(granted_at) > max(denied_at, default=0)


def put(ledger: Ledger, channel: str, granted: bool, changed_at: int | None, now: int) -> None:
    change = ConsentChange(
        purpose=MARKETING,
        channel=None if channel == ALL_CHANNELS else channel,
        granted=granted,
        changed_at=None if changed_at is None else instant(changed_at),
    )
    pending = pending_changes(ledger, "ann", ConsentChanges(consents=[change]), now, UTC_ZONE)
    if pending:
        pending.write(ledger)


def import_log(history: Path, words: Sequence[Consent], ledger: Ledger, now: int) -> None:
    rows = [("ann", MARKETING, word.channel, word.granted, word.changed_at, "ann") for word in words]
    table = pa.Table.from_pylist([dict(zip(COLUMNS, row, strict=True)) for row in rows])
    pq.write_table(table, history / "consents.parquet")
    import_consents(history / "consents.parquet", {}, ledger, now)


http_words = st.builds(
    Word, st.sampled_from([*CHANNELS, ALL_CHANNELS]), st.booleans(), st.none() | st.integers(-30, 23), st.just(False)
)
log_words = st.builds(
    Word, st.sampled_from([*CHANNELS, ALL_CHANNELS]), st.booleans(), st.integers(-30, 60), st.just(True)
)


@given(st.lists(http_words | log_words, max_size=8))
def test_after_a_truthful_no_nobody_is_reached_until_a_later_grant(
    tmp_path_factory: pytest.TempPathFactory, words: list[Word]
) -> None:
    records = Records(tmp_path_factory.mktemp("history"))
    for word in words:
        records.hear(word)
        for channel in CHANNELS:
            assert not records.reaches(channel) or records.may_reach(channel)


@given(st.lists(http_words, max_size=5), st.sampled_from([*CHANNELS, ALL_CHANNELS]))
def test_a_grant_without_a_date_counts_at_once(
    tmp_path_factory: pytest.TempPathFactory, words: list[Word], channel: str
) -> None:
    records = Records(tmp_path_factory.getbasetemp())
    for word in [*words, Word(channel, granted=True, hours_ahead=None, in_log=False)]:
        records.hear(word)
    assert records.reaches(channel)


@pytest.mark.parametrize("channel", ["email", ALL_CHANNELS])
@pytest.mark.parametrize("seconds_ago", [0, 5])
def test_a_stored_grant_of_the_future_does_not_outrank_a_no(channel: str, seconds_ago: int) -> None:
    ledger = in_memory_ledger()
    ledger.record({"ann": [Consent(MARKETING, "email", granted=True, changed_at=TODAY + 23 * HOUR)]})
    put(ledger, channel, False, TODAY - seconds_ago * 1_000_000, TODAY)
    assert ledger.can_reach(["ann"], ReachRequest(MARKETING, "email"), TODAY + 48 * HOUR) == [False]


def test_a_grant_of_the_future_in_a_log_of_an_earlier_version_is_older_than_every_no_since(tmp_path: Path) -> None:
    grant, ledger = Consent(MARKETING, "email", granted=True, changed_at=TODAY + 23 * HOUR), in_memory_ledger()
    ledger.record({"ann": [grant]})
    (tmp_path / "consents.taken").touch()
    put(ledger, "email", False, None, TODAY)
    import_log(tmp_path, [grant], ledger, TODAY + HOUR)
    assert ledger.can_reach(["ann"], ReachRequest(MARKETING, "email"), TODAY + HOUR) == [False]


def test_a_grant_of_the_future_is_told_with_the_date_from_which_it_counts(tmp_path: Path) -> None:
    ledger = in_memory_ledger()
    put(ledger, "email", True, TODAY + 23 * HOUR, TODAY)
    assert ledger.consents("ann").consents.entries == (Consent(MARKETING, "email", granted=True, changed_at=TODAY),)
    import_log(tmp_path, [Consent(MARKETING, "sms", granted=True, changed_at=TODAY + 99 * HOUR)], ledger, TODAY)
    import_log(tmp_path, [Consent(MARKETING, "sms", granted=True, changed_at=TODAY + 99 * HOUR)], ledger, TODAY + HOUR)
    assert [entry.changed_at for entry in ledger.consents("ann").consents.entries] == [TODAY, TODAY]


def test_a_no_counts_at_once_in_a_demo_whose_clock_is_pinned(tmp_path: Path) -> None:
    shop = Shop.of(FakeRelease(), FakeFeatureReader(ann=KnownCustomer()), home=tmp_path)
    real_clock = PinnedClock(datetime(2026, 11, 21, tzinfo=UTC) + timedelta(days=365))
    shop.worker = replace(shop.worker, machine_clock=real_clock)
    path = "/v1/customers/ann/consents"
    with shop.client() as client:
        granted = client.put(path, json={"consents": [{"purpose": "marketing", "channel": "email", "granted": True}]})
        assert granted.json()["marketing"]["email"] is True
        assert granted.json()["consents"][0]["changed_at"] == "2027-11-21T00:00:00Z"
        denied = client.put(path, json={"consents": [{"purpose": "marketing", "granted": False}]})
        assert denied.json()["marketing"] == {"*": False, "email": False}
        client.put(path, json={"consents": [{"purpose": "profiling", "granted": False}]})
        row = client.post("/v1/predictions", json={"customer_ids": ["ann"]}).json()["predictions"][0]
        assert row["status"] == "withheld_consent"


@pytest.mark.parametrize("hours_ahead", [None, 23])
def test_a_no_with_a_date_of_whole_seconds_outranks_a_grant_of_the_same_second(hours_ahead: int | None) -> None:
    ledger, now = in_memory_ledger(), TODAY + 315_474
    put(ledger, "email", True, None if hours_ahead is None else now + hours_ahead * HOUR, now)
    put(ledger, "email", False, TODAY, now + 500_000)
    assert ledger.can_reach(["ann"], ReachRequest(MARKETING, "email"), now) == [False]
    put(ledger, "email", True, None, now + 500_001)
    assert ledger.can_reach(["ann"], ReachRequest(MARKETING, "email"), now) == [True]


def test_a_repeated_no_outranks_a_grant_from_between_that_a_log_brings_later(tmp_path: Path) -> None:
    ledger = in_memory_ledger()
    put(ledger, "email", False, None, TODAY)
    put(ledger, "email", False, None, TODAY + 2 * HOUR)
    grant = Consent(MARKETING, "email", granted=True, changed_at=TODAY + HOUR)
    import_log(tmp_path, [grant], ledger, TODAY + 3 * HOUR)
    assert ledger.can_reach(["ann"], ReachRequest(MARKETING, "email"), TODAY + 4 * HOUR) == [False]
