"""Concurrent materialization: many processes write and read the online store, some are killed, all reads are whole."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from features.online.backends import Store, open_store
from features.online.feature_rows import FeatureRows
from tests.features.rows import TRANSACTIONS, VIEWS, packed_rows

pytestmark = pytest.mark.slow


def test_writers_side_by_side_lose_nothing(location: str, store: Store) -> None:
    def publish(customer_id: str) -> None:
        for event_at in range(20):
            with open_store(location).write_transaction() as writer:
                writer.merge(
                    "transactions",
                    packed_rows(TRANSACTIONS, {customer_id: event_at, "shared": event_at}, event_at=event_at),
                )

    writers = [Thread(target=publish, args=(customer_id,)) for customer_id in "abcd"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    stored = store.reader((TRANSACTIONS,)).read([*"abcd", "shared"])
    assert stored.column("orders").tolist() == [19.0] * 5


PUBLISHER_SCRIPT = """
import sys
from features.online.backends import open_store
from tests.features.rows import BEHAVIOUR, TRANSACTIONS, packed_rows

location, method = sys.argv[1:]
for day in range(1, 1000):
    with open_store(location).write_transaction() as writer:
        for view in (TRANSACTIONS, BEHAVIOUR):
            getattr(writer, method)(view.name, packed_rows(view, dict.fromkeys(map(str, range(2_000)), day), day))
    print(day, flush=True)
"""
BOTH_METHODS = pytest.mark.parametrize("method", ["replace", "merge"])


@pytest.fixture
def start_publisher(location: str) -> Callable[[str], subprocess.Popen[bytes]]:
    """A process that publishes day after day; every number of every customer is the day's."""

    def start(method: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", PUBLISHER_SCRIPT, location, method]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[3])
        assert process.stdout is not None
        process.stdout.readline()
        return process

    return start


def assert_of_one_day(rows: FeatureRows) -> None:
    assert rows.known.all()
    assert np.unique(rows.matrix).size == 1
    assert (rows.features_at == rows.matrix[0, 0]).all()


SAMPLE_IDS = [str(customer) for customer in range(0, 2_000, 7)]


@BOTH_METHODS
def test_no_reader_waits_or_sees_two_days_at_once_while_another_process_publishes(
    store: Store, start_publisher: Callable[[str], subprocess.Popen[bytes]], method: str
) -> None:
    with start_publisher(method) as publisher:
        reads = [store.reader(VIEWS).read(SAMPLE_IDS)]
        while len({int(read.features_at[0]) for read in reads}) < 5:
            reads.append(store.reader(VIEWS).read(SAMPLE_IDS))
            assert_of_one_day(reads[-1])
        publisher.kill()


@pytest.mark.slow
@BOTH_METHODS
def test_a_writer_killed_at_any_moment_leaves_one_whole_day(
    store: Store, start_publisher: Callable[[str], subprocess.Popen[bytes]], method: str
) -> None:
    for delay in range(6):
        with start_publisher(method) as publisher:
            for _ in range(3 * delay):
                store.reader(VIEWS).read(SAMPLE_IDS)
            publisher.kill()
        assert publisher.returncode == -signal.SIGKILL
        assert_of_one_day(store.reader(VIEWS).read(SAMPLE_IDS))
    with store.write_transaction() as writer:
        writer.replace("transactions", packed_rows(TRANSACTIONS, {"ann": 8}))
    assert store.reader(VIEWS).read(["ann", SAMPLE_IDS[0]]).known.tolist() == [True, False]
