"""Process of the builder: it counts what a thread would count, and ends with its worker."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from features.consents.backends import open_ledger
from features.consents.consent import Defaults
from features.online.backends import LMDB
from features.storage.secret import load_secret
from serving.audiences.audience_service import ExportContext
from serving.web import audience_process
from serving.web.audience_builder import builder_view
from serving.web.audience_query import AudienceQuery
from tests.serving import scored
from tests.serving.api.audience_requests import IDS, denial
from tests.serving.fakes import FakeRelease, Shop

QUERY = AudienceQuery.parse("in:value_tier=gold&min:churn_probability=0.25")
EXPORT = ExportContext("mail", 10**15, "sample", is_admin=True)


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


@pytest.mark.slow
def test_a_process_counts_what_a_thread_counts_and_sees_consents_at_once(shop: Shop) -> None:
    worker, views = shop.worker, []
    try:
        wait_until(lambda: audience_process._started_process(worker) is not None)
        for _ in range(2):
            views.append(audience_process._count(worker, QUERY, EXPORT, is_whole=True))
            worker.consent_gate.ledger.record({"c030": [denial(at=10**15 + 1)]})
        process, _ = audience_process._process(*audience_process._location(worker))
        (pid,) = process._processes
        assert os.getpriority(os.PRIO_PROCESS, pid) == audience_process.NICENESS
    finally:
        audience_process._process(*audience_process._location(worker))[0].shutdown()
        audience_process._process.cache_clear()
    before, after = (view.answer.response.count for view in views if view.answer)
    assert before is not None
    assert after == before - 1
    assert views[1].answer == builder_view(worker, QUERY, EXPORT, is_whole=True).answer


def test_until_the_process_is_ready_a_thread_counts(shop: Shop) -> None:
    view = audience_process._count(replace(shop.worker, counts_apart=False), QUERY, EXPORT, is_whole=False)
    assert view.answer is not None
    assert view.answer.response.count


def test_a_new_table_is_read_before_anybody_counts(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audience_process, "POLL_SECONDS", 0.02)
    location = audience_process._location(shop.worker)
    audience_process._warm_up(*location)
    scores = audience_process._audience_home(*location).audience_service.scores
    before = scores.columns()
    scored.write_scores(shop.worker.home, shop.worker.consent_gate.ledger, IDS)
    wait_until(lambda: scores.columns() is not before and scores.columns().nbytes == before.nbytes > 0)
