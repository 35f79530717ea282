"""Many read while one writes; what is read is one moment of the store, whatever happens to the writer."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from features.errors import NothingThere
from features.packed.codec import Codec, OtherSchema, Rows
from features.packed.lmdb import PackedReader, stored_values, writing
from features.stored import Ragged, Stored
from features.views import Column, Kind, View

TRANSACTIONS = View("transactions", (Column("orders", Kind.FLOAT, ""), Column("recent_days", Kind.INTEGERS, "")))
BEHAVIOUR = View("behaviour", (Column("visits", Kind.FLOAT, ""),))
VIEWS = (TRANSACTIONS, BEHAVIOUR)


def packed(view: View, customers: dict[str, float], event_at: int = 1, created_at: int = 0) -> dict[str, bytes]:
    """Rows in which every number and the one item of every list is the customer's."""
    n = len(customers)
    numbers = np.array(list(customers.values()), np.float64)
    rows = Rows(
        event_at=np.full(n, event_at, np.int64),
        created_at=np.full(n, created_at, np.int64),
        scalars=np.tile(numbers[:, None], len(view.scalars)),
        nulls=np.zeros((n, len(view.columns)), np.bool_),
        lists=tuple(Ragged(offsets=np.arange(n + 1), values=numbers) for _ in view.lists),
    )
    return dict(zip(customers, Codec(view).pack(rows), strict=True))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "online"


@pytest.fixture
def reader(path: Path) -> Iterator[PackedReader]:
    """Ann and Bob order, Ann and Cid visit."""
    with writing(path) as writer:
        writer.replace("transactions", packed(TRANSACTIONS, {"ann": 3, "bob": 1}))
        writer.replace("behaviour", packed(BEHAVIOUR, {"cid": 7, "ann": 5}))
    reader = PackedReader.open(path, VIEWS)
    yield reader
    reader.close()


def orders(path: Path, *customer_ids: str) -> list[float]:
    return list(PackedReader.open(path, (TRANSACTIONS,)).read(customer_ids).column("orders"))


def run(script: str, *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def test_views_are_read_side_by_side_in_the_order_asked(reader: PackedReader) -> None:
    got = reader.read(["bob", "stranger", "ann", "bob", "cid"])
    assert got.customer_ids == ["bob", "stranger", "ann", "bob", "cid"]
    assert got.known.tolist() == [True, False, True, True, False]
    assert got.features_at.tolist() == [1, 0, 1, 1, 0]
    assert got.columns == ("orders", "visits")
    nan = np.nan
    np.testing.assert_array_equal(got.matrix, [[1, nan], [nan, nan], [3, 5], [1, nan], [nan, 7]])
    assert got.lists["recent_days"].offsets.tolist() == [0, 1, 1, 2, 3, 3]
    assert got.lists["recent_days"].values.tolist() == [1, 3, 1]


def test_nobody_is_asked_for(reader: PackedReader) -> None:
    assert reader.read([]).matrix.shape == (0, 2)


@pytest.mark.parametrize(
    "ids",
    [
        pytest.param(["17", "00017", "18446744073709551617", "1.7e1", "+17"], id="digits"),
        pytest.param(
            ["", " ", "0\0", "é", "e\N{COMBINING ACUTE ACCENT}", "客户", "\ud800", "x\0", "x\1", "x\2"], id="marks"
        ),
        pytest.param(["y" * 600 + "1", "y" * 600 + "2", "y" * 498, "y" * 499, "客" * 300], id="long"),
    ],
)
def test_customers_are_told_apart_digit_for_digit(path: Path, ids: list[str]) -> None:
    customers = {customer_id: float(number) for number, customer_id in enumerate(ids)}
    with writing(path) as writer:
        writer.merge("transactions", packed(TRANSACTIONS, customers))
        assert writer.count("transactions") == len(ids)
    assert orders(path, *ids) == list(customers.values())
    with writing(path) as writer:
        assert writer.forget(ids[0]) == 1
        assert writer.forget(ids[-1]) == 1
        assert writer.count("transactions") == len(ids) - 2


@pytest.mark.parametrize("arrival", [*permutations([(1, 9), (2, 3), (2, 5)])], ids=str)
def test_the_later_event_wins_then_the_later_created_whatever_the_order(
    path: Path, arrival: tuple[tuple[int, int], ...]
) -> None:
    for event_at, created_at in arrival:
        with writing(path) as writer:
            writer.merge("transactions", packed(TRANSACTIONS, {"ann": created_at}, event_at, created_at))
    assert orders(path, "ann") == [5]


def test_a_correction_of_the_same_time_is_taken(path: Path) -> None:
    for spoken in (1.0, 2.0):
        with writing(path) as writer:
            writer.merge("transactions", packed(TRANSACTIONS, {"ann": spoken}))
    assert orders(path, "ann") == [2.0]


def test_merging_leaves_out_only_the_outdated(path: Path) -> None:
    with writing(path) as writer:
        writer.merge("transactions", packed(TRANSACTIONS, {"ann": 1, "bob": 1, "cid": 1}, event_at=5))
        writer.merge("transactions", packed(TRANSACTIONS, {"bob": 2}, event_at=7))
        writer.merge("transactions", packed(TRANSACTIONS, {"dan": 3, "cid": 3, "bob": 3, "ann": 3}, event_at=6))
    assert orders(path, "ann", "bob", "cid", "dan") == [3, 2, 3, 3]


def test_a_row_of_other_columns_never_stands_in_the_way(path: Path) -> None:
    wider = View("transactions", (*TRANSACTIONS.columns, Column("spend", Kind.FLOAT, "")))
    with writing(path) as writer:
        writer.replace("transactions", packed(wider, {"ann": 1, "bob": 1}, event_at=9))
        writer.merge("transactions", packed(TRANSACTIONS, {"ann": 2}, event_at=1))
    assert orders(path, "ann") == [2]
    with pytest.raises(OtherSchema, match="1 of 2 rows stored for the view 'transactions'"):
        orders(path, "ann", "bob")


def test_replacing_a_view_leaves_exactly_its_customers_and_no_other_view_touched(path: Path) -> None:
    views = ["behaviour", "transactions", "transactions2", "a", "z"]
    with writing(path) as writer:
        for view in views:
            writer.replace(view, packed(TRANSACTIONS, {"ann": 1, "bob": 1}, event_at=9))
        writer.replace("transactions", packed(TRANSACTIONS, {"bob": 2, "cid": 2}, event_at=3))
        assert [writer.count(view) for view in views] == [2, 2, 2, 2, 2]
    np.testing.assert_array_equal(orders(path, "ann", "bob", "cid"), [np.nan, 2, 2])


def test_a_dropped_view_is_gone_and_the_others_are_not(reader: PackedReader, path: Path) -> None:
    with writing(path) as writer:
        writer.drop("behaviour")
        assert writer.count("behaviour") == 0
        assert writer.count("transactions") == 2
    assert np.isnan(reader.read(["ann"]).column("visits")).all()


def test_a_forgotten_customer_is_in_no_view_also_not_in_one_declared_no_more(reader: PackedReader, path: Path) -> None:
    with writing(path) as writer:
        writer.replace("retired", packed(TRANSACTIONS, {"ann": 1, "y" * 600: 2}))
        assert writer.forget("ann") == 3
        assert writer.forget("y" * 600) == 1
        assert writer.forget("ann") == 0
    assert reader.read(["ann", "bob"]).known.tolist() == [False, True]
    assert stored_values(path, "retired", ["ann"]) == [None]


def test_a_reader_sees_the_store_as_it_was_until_the_write_is_done(reader: PackedReader, path: Path) -> None:
    with writing(path) as writer:
        writer.replace("transactions", packed(TRANSACTIONS, {"ann": 100}))
        writer.replace("behaviour", packed(BEHAVIOUR, {"ann": 100}))
        assert reader.read(["ann"]).matrix.tolist() == [[3, 5]]
    assert reader.read(["ann"]).matrix.tolist() == [[100, 100]]


def test_a_write_that_fails_changes_nothing(reader: PackedReader, path: Path) -> None:
    def fail() -> None:
        with writing(path) as writer:
            writer.drop("transactions")
            raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        fail()
    assert reader.read(["ann", "bob"]).known.all()


def test_two_releases_read_the_same_store_side_by_side(reader: PackedReader, path: Path) -> None:
    other = PackedReader.open(path, (TRANSACTIONS,))
    reader.close()
    assert other.read(["ann"]).known.all()
    with pytest.raises(ValueError, match="This reader is closed"):
        reader.read(["ann"])


def test_two_stores_in_one_process_are_two(reader: PackedReader, path: Path, tmp_path: Path) -> None:
    with writing(tmp_path / "other") as writer:
        writer.replace("transactions", packed(TRANSACTIONS, {"ann": 50}))
    other = PackedReader.open(tmp_path / "other", (TRANSACTIONS,))
    assert orders(path, "ann") == list(reader.read(["ann"]).column("orders")) == [3]
    assert list(other.read(["ann"]).column("orders")) == [50]


def test_a_store_made_anew_is_read_anew_while_the_old_one_is_still_open(reader: PackedReader, path: Path) -> None:
    shutil.rmtree(path)
    with writing(path) as writer:
        writer.replace("transactions", packed(TRANSACTIONS, {"eve": 4}))
    assert orders(path, "eve") == [4]
    assert reader.read(["ann"]).known.all()


def test_before_anybody_published_there_is_nothing_to_open(path: Path) -> None:
    with pytest.raises(NothingThere, match=r"There is no online store in .*online\. Publish features first"):
        PackedReader.open(path, VIEWS)
    assert stored_values(path, "transactions", ["ann"]) == [None]
    assert not path.exists()


KILLED = """
import os, signal, sys
from pathlib import Path
from features.packed.lmdb import writing

with writing(Path(sys.argv[1])) as writer:
    writer.drop("transactions")
    writer.replace("behaviour", {str(customer): bytes(500) for customer in range(20_000)})
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_writer_killed_half_way_leaves_the_last_complete_state(reader: PackedReader, path: Path) -> None:
    with run(KILLED, str(path)) as killed:
        killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    assert reader.read(["ann", "bob"]).matrix[:, 0].tolist() == [3, 1]
    with writing(path) as writer:
        writer.replace("transactions", packed(TRANSACTIONS, {"ann": 8}))
    assert reader.read(["ann", "bob"]).known.tolist() == [True, False]


BUSY = """
import sys
from pathlib import Path
import numpy as np
from features.packed.codec import Codec, Rows
from features.packed.lmdb import writing
from features.views import Column, Kind, View

path, n = Path(sys.argv[1]), 2_000
views = [View(name, (Column(column, Kind.FLOAT, ""),)) for name, column in (("transactions", "a"), ("behaviour", "b"))]
for day in range(1, 31):
    times = np.full(n, day, np.int64)
    rows = Rows(
        event_at=times, created_at=times, scalars=times[:, None] * 1.0, nulls=np.zeros((n, 1), np.bool_), lists=()
    )
    with writing(path) as writer:
        for view in views:
            writer.replace(view.name, dict(zip(map(str, range(n)), Codec(view).pack(rows))))
    print(day, flush=True)
"""


def test_no_reader_sees_two_days_at_once_while_another_process_publishes(path: Path) -> None:
    views = tuple(
        View(name, (Column(column, Kind.FLOAT, ""),)) for name, column in (("transactions", "a"), ("behaviour", "b"))
    )
    customers = [str(customer) for customer in range(0, 2_000, 7)]
    days: list[Stored] = []
    with run(BUSY, str(path)) as publisher:
        assert publisher.stdout is not None
        publisher.stdout.readline()
        reader = PackedReader.open(path, views)
        while publisher.poll() is None:
            days.append(reader.read(customers))
        publisher.stdout.read()
    assert publisher.returncode == 0
    assert all(np.unique(day.matrix).size == 1 and (day.features_at == day.matrix[0, 0]).all() for day in days)
    assert len({int(day.features_at[0]) for day in days}) > 3


def test_reading_needs_neither_feast_nor_pandas_nor_arrow() -> None:
    script = "import sys, features.packed.lmdb; print({'feast', 'pandas', 'pyarrow', 'ibis'} & set(sys.modules))"
    with run(script) as imported:
        assert imported.communicate()[0] == b"set()\n"
