"""Feedback commands: texts are labelled outside the home, which keeps labels alone."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from features.feedback.label_file import Label, read_labels
from pipelines.cli.main import app
from pipelines.steps.feedback_labels import InvalidLabels, read_file
from tests.pipelines.command import Flywheel

pytestmark = pytest.mark.slow

SAID = ["客服态度恶劣", "质量很好很喜欢", "=terrible service", "love it, great quality", "sehr gut"]
SECTION = """
[feedback]
path = "texts.csv"
customer_id = "who"
happened_at = "at"
text = "said"
id = "number"
"""


@pytest.fixture
def shop(tmp_path: Path) -> Flywheel:
    """A shop of six customers, each with one order and one text; one of them denies profiling."""
    flywheel = Flywheel(tmp_path)
    orders = [f"c{number},2026-01-0{number + 1},9" for number in range(6)]
    (tmp_path / "orders.csv").write_text("\n".join(["who,at,amount", *orders]))
    texts = [f'c{number},2026-02-0{number + 1},t{number},"{text}"' for number, text in enumerate([*SAID, "secret"])]
    (tmp_path / "texts.csv").write_text("\n".join(["who,at,number,said", *texts]), encoding="utf-8")
    (tmp_path / "consents.csv").write_text("who,purpose,granted,at\nc5,profiling,no,2026-01-01\n")
    (tmp_path / "flywheel.toml").write_text(
        'name = "corner-shop"\ncurrency = "EUR"\ntimezone = "UTC"\n'
        '[orders]\npath = "orders.csv"\ncustomer_id = "who"\nordered_at = "at"\namount = "amount"\n'
        '[consents]\npath = "consents.csv"\ncustomer_id = "who"\npurpose = "purpose"\ngranted = "granted"\n'
        'changed_at = "at"\n' + SECTION
    )
    assert flywheel("ingest").status == 0
    return flywheel


def texts_file(shop: Flywheel) -> Path:
    path = shop.folder / "to-label.csv"
    assert shop("feedback", "label", "--out", path, "--json").status == 0
    return path


def fill_in(path: Path, **answers: str) -> None:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows([{**row, **answers} for row in rows])


def test_the_texts_to_label_are_those_that_can_be_read_of_customers_who_may_be_profiled(shop: Flywheel) -> None:
    with texts_file(shop).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    # A text that a spreadsheet would run is escaped.
    assert {row["text"] for row in rows} == {*SAID[:2], f"'{SAID[2]}", SAID[3]}
    assert {row["drawn"] for row in rows} <= {"random", "least_sure"}


def test_answers_become_labels_and_neither_a_text_nor_a_customer_stays_in_the_home(shop: Flywheel) -> None:
    path = texts_file(shop)
    fill_in(path, sentiment="Negative", topics="service, emotion")
    result = shop("feedback", "label", "--from", path, "--json")
    assert result.summary["labels"] == 4
    assert result.summary["wanted"]["en"]["total"] in (198, 199)  # one of the two may be the least sure one too
    labels = read_labels(shop.home.feedback / "labels.json")
    assert {label.topics for label in labels.values()} == {frozenset({"service", "emotion"})}
    stored = b"".join(file.read_bytes() for file in shop.home.folder.rglob("*") if file.is_file())
    assert not any(text.encode() in stored for text in SAID[:4])
    assert b'"c3"' not in (shop.home.feedback / "labels.json").read_bytes()
    again = texts_file(shop)
    assert len(again.read_text(encoding="utf-8-sig").splitlines()) == 1  # the header: every text has a label


def test_another_command_can_write_while_a_person_answers(shop: Flywheel, monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(*_: object) -> dict[str, Label]:
        with shop.home.hold_write_lock("run", print, timeout_seconds=0):
            return {}

    monkeypatch.setattr("pipelines.cli.feedback._ask", ask)
    options = ["--home", str(shop.home.folder), "--config", str(shop.folder / "flywheel.toml")]
    now = datetime(2026, 3, 1, tzinfo=UTC)
    result = CliRunner().invoke(app, ["feedback", "label", *options], obj=lambda: now)
    assert result.exit_code == 0, result.output


def test_training_without_enough_labels_says_what_is_missing(shop: Flywheel) -> None:
    failed = shop("feedback", "train")
    assert failed.status == 1
    assert "Found no labels in" in failed.err
    path = texts_file(shop)
    fill_in(path, sentiment="neutral")
    assert shop("feedback", "label", "--from", path).status == 0
    [first, *_] = shop("feedback", "train", "--json").summary["models"]
    assert first["adopted"] is False
    assert first["reason"].startswith("too few labels: expected 100 randomly drawn")


def test_an_unknown_answer_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("key,drawn,sentiment,topics\nk1,random,positive,\nk2,random,good,price\n")
    with pytest.raises(InvalidLabels, match="Found sentiment 'good' and topics 'price' in line 3; expected one of"):
        read_file(path, 0)
    path.write_text("a,b\n1,2\n")
    with pytest.raises(InvalidLabels, match="expected the columns key, drawn, sentiment and topics"):
        read_file(path, 0)


def test_an_erased_customer_has_no_labels_and_is_not_asked_about_again(shop: Flywheel) -> None:
    stored = shop.home.history / "feedback.parquet"
    assert "c3" in pq.read_table(stored)["customer_id"].to_pylist()
    assert shop("forget", "c3").status == 0
    assert "c3" not in pq.read_table(stored)["customer_id"].to_pylist()
    assert SAID[3] not in texts_file(shop).read_text(encoding="utf-8-sig")
