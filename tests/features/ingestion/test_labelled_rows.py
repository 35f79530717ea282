"""Labelled rows: the history keeps what a text says, never the text."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.config.shop import ShopConfig, read_shop_config
from features.errors import InvalidLog
from features.ingestion.ingest import ingest
from features.ingestion.labelled_rows import LABEL_COLUMNS, LABEL_FIELDS
from features.ingestion.source_digests import source_digest
from tests.logs import canonical_rows, write_config


class LengthClassifier:
    """Calls a text positive if it is short."""

    def __init__(self, digest: str = "length 1") -> None:
        self.digest = digest

    def label(self, texts: pa.Array) -> pa.StructArray:
        short = [None if text is None else len(text) < 10 for text in texts.to_pylist()]
        sentiments = [{True: "positive", False: "negative", None: "unread"}[is_short] for is_short in short]
        columns = [["en"] * len(short), sentiments, [None if each is None else float(each) for each in short]]
        arrays = [
            pa.array(column, field.type)
            for column, field in zip([*columns, short, short, short], LABEL_FIELDS, strict=True)
        ]
        return pa.StructArray.from_arrays(arrays, fields=list(LABEL_FIELDS))


@pytest.fixture
def shop(tmp_path: Path) -> ShopConfig:
    """A shop with three texts of two customers."""
    write_config(tmp_path)
    (tmp_path / "orders.csv").write_text("customer,at,amount\nann,2026-01-01,5\nbob,2026-01-02,7\n")
    lines = ["who,when,what", "ann,2026-01-03 10:00,fine", "bob,2026-01-04,far too late again", "ann,2026-01-05,"]
    (tmp_path / "texts.csv").write_text("\n".join(lines))
    with (tmp_path / "flywheel.toml").open("a") as file:
        file.write('\n[feedback]\npath = "texts.csv"\ncustomer_id = "who"\nhappened_at = "when"\ntext = "what"\n')
    return read_shop_config(tmp_path / "flywheel.toml")


def test_the_history_has_the_labels_of_texts_and_not_the_texts(shop: ShopConfig) -> None:
    ingest(shop, shop.folder / "history", classifier=LengthClassifier())
    rows = canonical_rows(shop.folder, "customer_id", "sentiment", table="feedback")
    assert rows == [("ann", "positive"), ("ann", "unread"), ("bob", "negative")]
    path = shop.folder / "history" / "feedback.parquet"
    assert [*LABEL_COLUMNS] == [name for name in pq.read_schema(path).names if name in LABEL_COLUMNS]
    assert all(b"far too late" not in file.read_bytes() for file in path.parent.rglob("*") if file.is_file())


def test_texts_of_an_erased_customer_are_left_out(shop: ShopConfig) -> None:
    erased = lambda customers: [customer for customer in customers if customer == "ann"]  # noqa: E731
    ingest(shop, shop.folder / "history", select_erased=erased, classifier=LengthClassifier())
    assert canonical_rows(shop.folder, "customer_id", table="feedback") == [("bob",)]


def test_texts_without_a_classifier_are_refused_before_they_are_written(shop: ShopConfig) -> None:
    with pytest.raises(InvalidLog, match=r"Found \[feedback\] without a classifier; expected one, because texts"):
        ingest(shop, shop.folder / "history")
    assert not (shop.folder / "history" / "feedback.parquet").exists()


def test_another_classifier_makes_the_history_outdated(shop: ShopConfig) -> None:
    manifest = ingest(shop, shop.folder / "history", classifier=LengthClassifier())
    assert manifest.source == source_digest(shop, LengthClassifier())
    assert manifest.source != source_digest(shop, LengthClassifier("length 2"))


def test_a_shop_without_texts_has_the_digests_of_an_earlier_version(shop: ShopConfig) -> None:
    without = shop.model_copy(update={"feedback": None})
    assert source_digest(without, LengthClassifier()) == source_digest(without)
    assert without.fingerprint != shop.fingerprint
