"""Process of the builder: it sends the page that a thread would send, and sees consents and new tables at once."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from features.consents.backends import open_ledger
from features.consents.consent import Defaults
from features.online.backends import LMDB
from features.storage.secret import load_secret
from serving.audiences.audience_service import ExportContext
from serving.auth.scopes import KeyScope
from serving.web import audience_process
from serving.web.audience_builder import BuilderPage, BuilderRequest, builder_page
from serving.web.audience_query import AudienceQuery
from serving.web.frame import Frame
from serving.web.language import Language
from serving.web.rendering import PageRequest
from tests.serving import scored
from tests.serving.api.audience_requests import IDS, denial
from tests.serving.fakes import FakeRelease, Shop

QUERY = AudienceQuery.parse("in:value_tier=gold&min:churn_probability=0.25")
EXPORT = ExportContext("mail", 10**15, "sample", is_admin=True)
FRAME = Frame(
    language=Language.ENGLISH,
    shop="Corner shop",
    currency="EUR",
    zone=ZoneInfo("Europe/Berlin"),
    section="audiences",
    scopes=(KeyScope.ADMIN,),
    signed_in=True,
    form_token="",
    language_links={},
)
UPDATE = BuilderRequest(QUERY, EXPORT, True, PageRequest(FRAME, False, None))


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A scored shop whose consents another process can open."""
    ledger = open_ledger(tmp_path, LMDB)
    ledger.set_defaults(Defaults(marketing=True))
    ledger.record({"c004": [denial()]})
    scored.write_scores(tmp_path, ledger, IDS)
    load_secret(tmp_path)
    shop = Shop.of(FakeRelease(), home=tmp_path, ledger=ledger)
    return replace(shop, worker=replace(shop.worker, counts_apart=True))


def wait_until(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def count_in(answer: BuilderPage) -> int:
    (count,) = re.findall(r'id="count"[^>]*>\D*(\d+)', answer.page.body.decode())
    return int(count)


@pytest.mark.slow
def test_a_process_sends_the_page_that_a_thread_sends_and_sees_consents_at_once(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, pages = shop.worker, []
    try:
        wait_until(lambda: audience_process._started_process(worker) is not None)
        for request in (UPDATE, UPDATE, replace(UPDATE, is_update=False)):
            pages.append(audience_process._answer(worker, request))
            worker.consent_gate.ledger.record({"c030": [denial(at=10**15 + 1)]})
        process, _ = audience_process._process(*audience_process._location(worker))
        monkeypatch.setattr(audience_process, "PATIENCE_SECONDS", 0.1)
        blocked = process.submit(time.sleep, 5)  # as long as other programs leave it no processor
        pages.append(audience_process._answer(worker, UPDATE))
        assert not blocked.done()
        (pid,) = process._processes
        assert os.getpriority(os.PRIO_PROCESS, pid) == audience_process.NICENESS
        assert os.sched_getscheduler(pid) == os.SCHED_IDLE
    finally:
        audience_process._process(*audience_process._location(worker))[0].shutdown()
        audience_process._process.cache_clear()
    before, after, whole, from_thread = pages
    assert count_in(after) == count_in(before) - 1
    assert from_thread == after
    assert [after, whole] == [builder_page(worker, request) for request in (UPDATE, replace(UPDATE, is_update=False))]


def test_until_the_process_is_ready_a_thread_answers(shop: Shop) -> None:
    page = audience_process._answer(replace(shop.worker, counts_apart=False), UPDATE)
    assert count_in(page) > 0


def test_a_new_table_is_read_before_anybody_counts(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audience_process, "POLL_SECONDS", 0.02)
    location = audience_process._location(shop.worker)
    audience_process._warm_up(*location)
    scores = audience_process._audience_home(*location).audience_service.scores
    before = scores.columns()
    scored.write_scores(shop.worker.home, shop.worker.consent_gate.ledger, IDS)
    wait_until(lambda: scores.columns() is not before and scores.columns().nbytes == before.nbytes > 0)
