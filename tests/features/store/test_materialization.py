"""Many write and read the online store at once, some are killed, and nobody sees half of anything."""

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


def test_writers_side_by_side_lose_nothing(where: str, store: Store) -> None:
    def publish(who: str) -> None:
        for at in range(20):
            with open_store(where).write_transaction() as writer:
                writer.merge("transactions", packed_rows(TRANSACTIONS, {who: at, "shared": at}, event_at=at))

    writers = [Thread(target=publish, args=(who,)) for who in "abcd"]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    stored = store.reader((TRANSACTIONS,)).read([*"abcd", "shared"])
    assert stored.column("orders").tolist() == [19.0] * 5


BUSY = """
import sys
from features.online.backends import store_at
from tests.features.rows import BEHAVIOUR, TRANSACTIONS, packed

where, how = sys.argv[1:]
for day in range(1, 1000):
    with store_at(where).writing() as writer:
        for view in (TRANSACTIONS, BEHAVIOUR):
            getattr(writer, how)(view.name, packed(view, dict.fromkeys(map(str, range(2_000)), day), day))
    print(day, flush=True)
"""
BOTH_WAYS = pytest.mark.parametrize("how", ["replace", "merge"])


@pytest.fixture
def publishing(where: str) -> Callable[[str], subprocess.Popen[bytes]]:
    """Another process that publishes day after day, in which everybody's every number is the day's."""

    def started(how: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", BUSY, where, how]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[3])
        assert process.stdout is not None
        process.stdout.readline()
        return process

    return started


def assert_of_one_day(read: FeatureRows) -> None:
    assert read.known.all()
    assert np.unique(read.matrix).size == 1
    assert (read.features_at == read.matrix[0, 0]).all()


SAMPLE_IDS = [str(customer) for customer in range(0, 2_000, 7)]


@BOTH_WAYS
def test_no_reader_waits_or_sees_two_days_at_once_while_another_process_publishes(
    store: Store, publishing: Callable[[str], subprocess.Popen[bytes]], how: str
) -> None:
    with publishing(how) as publisher:
        reads = [store.reader(VIEWS).read(SAMPLE_IDS)]
        while len({int(read.features_at[0]) for read in reads}) < 5:
            reads.append(store.reader(VIEWS).read(SAMPLE_IDS))
            assert_of_one_day(reads[-1])
        publisher.kill()


@BOTH_WAYS
def test_a_writer_killed_at_any_moment_leaves_one_whole_day(
    store: Store, publishing: Callable[[str], subprocess.Popen[bytes]], how: str
) -> None:
    for moment in range(6):
        with publishing(how) as publisher:
            for _ in range(3 * moment):
                store.reader(VIEWS).read(SAMPLE_IDS)
            publisher.kill()
        assert publisher.returncode == -signal.SIGKILL
        assert_of_one_day(store.reader(VIEWS).read(SAMPLE_IDS))
    with store.write_transaction() as writer:
        writer.replace("transactions", packed_rows(TRANSACTIONS, {"ann": 8}))
    assert store.reader(VIEWS).read(["ann", SAMPLE_IDS[0]]).known.tolist() == [True, False]
