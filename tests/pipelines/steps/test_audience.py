"""Audience command: gives the service's answer, and writes the members that the service would page."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from features.consents.consent import Defaults
from pipelines.home import Home
from pipelines.steps import audience as step
from pipelines.steps.audience import InvalidRequest
from tests.pipelines.command import Flywheel
from tests.serving import scored
from tests.serving.audiences.economics.campaigns import add_expected_orders

IDS = [f"c{number:03d}" for number in range(20)]


@pytest.fixture
def flywheel(tmp_path: Path) -> Flywheel:
    """A home with scored customers who all consent to marketing."""
    flywheel = Flywheel(tmp_path)
    ledger = flywheel.home.ledger()
    ledger.set_defaults(Defaults(marketing=True))
    scored.write_scores(flywheel.home.folder, ledger, IDS)
    return flywheel


def test_an_audience_is_counted_and_written(flywheel: Flywheel, tmp_path: Path) -> None:
    out = tmp_path / "gold.parquet"
    result = flywheel(
        "audience", "--filter", '{"column": "value_tier", "equals": "gold"}', "--order-by", "ltv_90d_mean",
        "--limit", "3", "--column", "ltv_90d_mean", "--holdout", "0.5:spring", "--out", str(out), "--json",
    )  # fmt: skip
    assert result.status == 0, result.err
    assert (result.summary["count"], result.summary["excluded_by_consent"]) == (3, None)
    rows = pq.read_table(out).to_pylist()
    assert {row["customer_id"] for row in rows} <= {"c018", "c016", "c014"}
    assert len(rows) == 3 - result.summary["holdout_count"]


@pytest.mark.parametrize(
    ("choice", "sentence"), [("only", "the file has them alone"), ("include", "the column holdout")]
)
def test_held_out_members_are_written_where_they_are_asked_for(
    flywheel: Flywheel, tmp_path: Path, choice: str, sentence: str
) -> None:
    out = tmp_path / "all.parquet"
    result = flywheel("audience", "--holdout", "0.5:spring", "--held-out", choice, "--out", str(out))
    assert result.status == 0, result.err
    table = pq.read_table(out)
    held_out = table.num_rows if choice == "only" else sum(table["holdout"].to_pylist())
    assert f"{held_out} of them are held out: {sentence}" in result.out
    assert ("holdout" in table.column_names) == (choice == "include")


def test_a_request_in_a_file_is_that_of_the_service_and_options_come_on_top(flywheel: Flywheel, tmp_path: Path) -> None:
    file = tmp_path / "request.json"
    file.write_text(json.dumps({"limit": 5, "channel": "email", "columns": ["value_tier"]}))
    result = flywheel("audience", "--request", str(file), "--limit", "2", "--json")
    assert (result.summary["count"], result.summary["channel"], len(result.summary["sample"])) == (2, "email", 2)


def test_a_person_is_told_how_many_and_what_to_expect(flywheel: Flywheel) -> None:
    result = flywheel("audience", "--channel", "email")
    assert result.status == 0, result.err
    assert "20 of 20 customers, scored by release 7 (consent state 1)." in result.out
    assert "Expected to order within 30 days: 10 (80 %: " in result.out
    assert "value tier" in result.out


def test_an_audience_empty_for_lack_of_consent_names_the_remedy(flywheel: Flywheel) -> None:
    flywheel.home.ledger().set_defaults(Defaults(marketing=False))
    result = flywheel("audience")
    assert "0 of 20 customers, scored by release 7; about 20 have not consented" in result.out
    assert "[business.consent_defaults]" in result.out


def test_the_export_is_audited_with_the_command_line_as_actor(flywheel: Flywheel, tmp_path: Path) -> None:
    assert flywheel("audience", "--out", str(tmp_path / "all.csv")).status == 0
    sample, line = map(json.loads, (flywheel.home.folder / "audit.jsonl").read_text().splitlines())
    assert (sample["actor"], sample["members"], sample["format"]) == ("cli", 10, "sample")
    assert (line["action"], line["actor"], line["members"], line["format"]) == ("export", "cli", 20, "csv")


@pytest.mark.parametrize(
    ("body", "out", "message"),
    [
        (b'{"limit": 0}', None, "limit: Found 0; expected 1 or more"),
        (b"[]", None, "expected one JSON object"),
        (b"{", None, "The body is not JSON"),
        (b"{}", Path("members.xlsx"), r"Expected a name that ends in \.csv, \.ndjson, \.parquet"),
    ],
)
def test_an_invalid_request_is_one_message(flywheel: Flywheel, body: bytes, out: Path | None, message: str) -> None:
    with pytest.raises(InvalidRequest, match=message):
        step.run(
            Home(flywheel.home.folder),
            body,
            scored.scores_row(0, 1)["as_of"],
            None if out is None else step.MembersFile(out),
        )


@pytest.mark.parametrize(
    ("content", "message"), [(None, "cannot be read"), ("{", "is not JSON"), ("[1]", "contains a list")]
)
def test_a_file_that_holds_no_request_is_refused(tmp_path: Path, content: str | None, message: str) -> None:
    file = tmp_path / "request.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(InvalidRequest, match=message):
        step.build_request({}, file)


@pytest.mark.parametrize(("option", "value"), [("--filter", "{"), ("--holdout", "some")])
def test_an_option_that_cannot_be_read_is_wrong_use(flywheel: Flywheel, option: str, value: str) -> None:
    assert flywheel("audience", option, value).status == 2


def test_stored_audiences_are_listed_and_deleted(flywheel: Flywheel) -> None:
    audience_id = flywheel("audience", "--json").summary["audience_id"]
    stored = flywheel("audience", "--list", "--json").summary
    (row,) = stored["audiences"]
    assert (row["audience_id"], row["created_by"], row["count"]) == (audience_id, "cli", 20)
    assert (stored["bytes"], stored["max_audiences"]) == (row["nbytes"], 500)
    assert "1 of 500 audiences" in flywheel("audience", "--list").out
    assert flywheel("audience", "--delete", audience_id).out == f"Audience {audience_id} is deleted.\n"
    result = flywheel("audience", "--delete", audience_id)
    assert (result.status, "Found no audience" in result.err) == (1, True)


def test_formulas_are_written_as_text_unless_they_are_asked_for(flywheel: Flywheel, tmp_path: Path) -> None:
    ids, out = ["=1+1", "-12", "c000"], tmp_path / "all.csv"
    scored.write_scores(flywheel.home.folder, flywheel.home.ledger(), ids)
    assert flywheel("audience", "--column", "value_tier", "--out", str(out)).status == 0
    assert out.read_text().splitlines()[1:] == ['"\'-12","gold"', '"\'=1+1","silver"', '"c000","gold"']
    assert flywheel("audience", "--column", "value_tier", "--out", str(out), "--formulas", "keep").status == 0
    assert out.read_text().splitlines()[1:] == ['"-12","gold"', '"=1+1","silver"', '"c000","gold"']


def test_an_invalid_setting_of_audiences_is_named(flywheel: Flywheel) -> None:
    result = flywheel("audience", environment={"FLYWHEEL_MAX_AUDIENCES": "many"})
    assert (result.status, "FLYWHEEL_MAX_AUDIENCES: " in result.err, "Traceback" in result.err) == (1, True, False)


def test_a_campaign_has_costs_a_value_at_stake_and_a_profit_only_under_an_assumption(flywheel: Flywheel) -> None:
    add_expected_orders(flywheel.home.folder)
    prices = {"margin": 0.5, "contact_cost": 1.0, "budget": 5.5}
    result = flywheel("audience", "--economics", json.dumps(prices))
    assert result.status == 0, result.err
    assert "Contacting 20 costs 20.00 EUR." in result.out
    assert "Value at stake within 90 days: 95.00 (80 %: " in result.out
    assert "The budget pays for the first 5: limit 5, 5.00 EUR." in result.out
    assert "Found no experiment in the request" in result.out
    assert "Profit" not in result.out
    assumed = flywheel("audience", "--economics", json.dumps({**prices, "assumed_uplift": 0.1}))
    assert "It pays from 0.2105 additional orders per person contacted." in assumed.out
    assert "Profit, assumed: -10.50 EUR." in assumed.out


def test_economics_that_are_no_json_are_refused(flywheel: Flywheel) -> None:
    result = flywheel("audience", "--economics", "0.3;")
    assert result.status == 2
    assert "--economics is not JSON" in result.err
