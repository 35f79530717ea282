"""Tag changes: who gets which tags, who loses all, and what a consumer that fails is told again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from features.consents.consent import MARKETING, PROFILING, Consent
from tests.features.decisions.stores import decision
from tests.serving.api.audience_requests import IDS, audit_lines, denial, post_audience
from tests.serving.fakes import Shop, timestamp_us
from tests.serving.tags.tag_shop import begin, changes, confirm, everybody, shop_with_tags, write_scores_again
from tests.training.experiments.records import experiment
from training.experiments.record.experiment_folder import ExperimentFolder
from training.experiments.record.global_holdout import GlobalHoldout, record_global_holdout


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return shop_with_tags(tmp_path)


@pytest.fixture
def client(shop: Shop) -> Iterator[TestClient]:
    with shop.client() as client:
        yield client


def test_everybody_who_agreed_gets_the_bands_of_the_scores(client: TestClient) -> None:
    audience = everybody(client)
    assert begin(client, audience)["changed"] == 38
    given = changes(client, audience)
    assert sorted(given) == [name for name in IDS if name not in {"c003", "c004"}]
    assert given["c000"] == {
        "customer_id": "c000",
        "add": ["fw:churn:low", "fw:value_tier:gold"],
        "remove": [],
        "tags": ["fw:churn:low", "fw:value_tier:gold"],
    }
    assert given["c039"]["add"] == ["fw:churn:high", "fw:value_tier:silver"]
    assert given["c020"]["add"] == ["fw:churn:medium", "fw:segments:weekend", "fw:value_tier:gold"]


def test_only_what_changed_since_the_confirmed_export_is_handed_out(
    tmp_path: Path, shop: Shop, client: TestClient
) -> None:
    audience = everybody(client)
    assert confirm(client, audience, begin(client, audience)["export_id"]) == 200
    assert changes(client, audience) == {}
    assert begin(client, audience)["changed"] == 0
    write_scores_again(tmp_path, shop, c000={"churn_probability": 0.9})
    assert begin(client, audience)["changed"] == 1
    assert changes(client, audience) == {
        "c000": {
            "customer_id": "c000",
            "add": ["fw:churn:high"],
            "remove": ["fw:churn:low"],
            "tags": ["fw:churn:high", "fw:value_tier:gold"],
        }
    }


def test_an_export_that_nobody_confirmed_comes_again_with_what_changed_since(
    tmp_path: Path, shop: Shop, client: TestClient
) -> None:
    audience = everybody(client)
    first = begin(client, audience)
    assert begin(client, audience) == first
    write_scores_again(tmp_path, shop, c000={"churn_probability": 0.9})
    second = begin(client, audience)
    change = changes(client, audience)["c000"]
    assert (change["add"], change["remove"]) == (["fw:churn:high", "fw:value_tier:gold"], ["fw:churn:low"])
    assert confirm(client, audience, first["export_id"]) == 409
    assert confirm(client, audience, second["export_id"]) == 200
    assert confirm(client, audience, second["export_id"]) == 200


@pytest.mark.parametrize("purpose", [MARKETING, PROFILING])
def test_a_withdrawn_consent_takes_all_tags_away_also_while_the_changes_are_out(
    shop: Shop, client: TestClient, purpose: str
) -> None:
    ledger, audience = shop.worker.consent_gate.ledger, everybody(client)
    export = begin(client, audience)
    ledger.record({"c001": [denial(purpose=purpose)]})
    change = changes(client, audience)["c001"]
    assert (change["add"], change["tags"]) == ([], [])
    assert {"fw:churn:low", "fw:segments:weekend", "fw:value_tier:silver"} <= {*change["remove"]}
    assert confirm(client, audience, export["export_id"]) == 200
    ledger.record({"c001": [Consent(purpose, "*", granted=True, changed_at=2 * 10**15)]})
    begin(client, audience)
    # The tool may have taken them away.
    assert changes(client, audience)["c001"]["add"] == ["fw:churn:low", "fw:segments:weekend", "fw:value_tier:silver"]


def test_the_removals_after_a_withdrawn_consent_do_not_tell_which_bands_the_customer_had(
    shop: Shop, client: TestClient
) -> None:
    ledger, audience = shop.worker.consent_gate.ledger, everybody(client)
    confirm(client, audience, begin(client, audience)["export_id"])
    ledger.record({"c000": [denial()], "c039": [denial()]})  # a low and a high risk of churn
    begin(client, audience)
    given = changes(client, audience)
    bands = {"fw:churn:low", "fw:churn:medium", "fw:churn:high", "fw:value_tier:gold", "fw:value_tier:silver"}
    assert given["c000"]["remove"] == given["c039"]["remove"]
    assert {*given["c000"]["remove"]} == bands | {"fw:segments:weekend"}
    assert given["c000"]["tags"] == given["c039"]["tags"] == []


def test_the_removals_of_the_last_recipient_name_bands_that_nobody_has(
    tmp_path: Path, shop: Shop, client: TestClient
) -> None:
    audience = everybody(client)
    write_scores_again(tmp_path, shop, "c000")
    confirm(client, audience, begin(client, audience)["export_id"])
    shop.worker.consent_gate.ledger.record({"c000": [denial()]})
    begin(client, audience)
    assert {"fw:churn:low", "fw:churn:high"} <= {*changes(client, audience)["c000"]["remove"]}


@pytest.mark.parametrize(
    ("ends_on", "is_measured"), [("2026-12-01", True), ("2026-11-01", True), ("2026-10-01", False)]
)
def test_the_control_arm_of_an_experiment_gets_no_tags_while_its_outcomes_are_measured(
    tmp_path: Path, shop: Shop, client: TestClient, ends_on: str, is_measured: bool
) -> None:
    ExperimentFolder(tmp_path).start(experiment(ends_on=ends_on), timestamp_us("2026-09-01T10:00:00"), "test")
    arms = {"c000": "none", "c001": "ten-percent", "c002": "none"}
    log, audience = shop.worker.decision_log, everybody(client)
    log.record([decision(name, customer_id=name, arm=arm) for name, arm in arms.items()])
    log.record([replace(decision("other", "c005"), experiment_id="other")])
    begin(client, audience)
    controls = {"c000", "c002"} if is_measured else set()
    assert {*IDS} - {*changes(client, audience)} == controls | {"c003", "c004"}


def test_a_control_arm_that_is_drawn_after_an_export_loses_its_tags(
    tmp_path: Path, shop: Shop, client: TestClient
) -> None:
    audience = everybody(client)
    confirm(client, audience, begin(client, audience)["export_id"])
    ExperimentFolder(tmp_path).start(experiment(), timestamp_us("2026-11-01T10:00:00"), "test")
    shop.worker.decision_log.record([decision("1", customer_id="c000", arm="none")])
    begin(client, audience)
    assert {name: change["tags"] for name, change in changes(client, audience).items()} == {"c000": []}


def test_who_said_no_and_yes_again_while_the_changes_were_out_gets_all_tags_again(
    tmp_path: Path, shop: Shop, client: TestClient
) -> None:
    ledger, audience = shop.worker.consent_gate.ledger, everybody(client)
    confirm(client, audience, begin(client, audience)["export_id"])
    write_scores_again(tmp_path, shop, c001={"churn_probability": 0.9})
    begin(client, audience)
    ledger.record({"c001": [denial()]})
    assert "fw:value_tier:silver" in changes(client, audience)["c001"]["remove"]
    ledger.record({"c001": [Consent(MARKETING, "*", granted=True, changed_at=2 * 10**15)]})
    begin(client, audience)
    assert changes(client, audience)["c001"]["add"] == changes(client, audience)["c001"]["tags"]


def test_an_erased_customer_is_in_no_page_and_in_no_state(tmp_path: Path, shop: Shop, client: TestClient) -> None:
    audience = everybody(client)
    begin(client, audience)
    shop.worker.consent_gate.ledger.erase("c001")
    assert "c001" not in changes(client, audience)
    report = client.delete("/v1/customers/c001").json()
    assert report["removed"]["tags/crm"] == 1
    assert b"c001" not in (tmp_path / "tags" / "crm.parquet").read_bytes()
    begin(client, audience)
    assert "c001" not in changes(client, audience)


def test_an_erasure_between_two_pages_skips_nobody(client: TestClient) -> None:
    audience = everybody(client)
    begin(client, audience)
    path = f"/v1/audiences/{audience}/tag-changes"
    query: dict[str, str | int] = {"destination": "crm", "size": 5}
    first = client.get(path, params=query).json()
    client.delete("/v1/customers/c000")
    second = client.get(path, params={**query, "cursor": first["next"]}).json()
    assert [change["customer_id"] for change in second["changes"]] == ["c007", "c008", "c009", "c010", "c011"]


def test_who_leaves_the_audience_loses_all_tags(client: TestClient) -> None:
    audience = everybody(client)
    confirm(client, audience, begin(client, audience)["export_id"])
    gold = post_audience(client, channel="email", filter={"column": "value_tier", "equals": "gold"})["audience_id"]
    begin(client, gold)
    given = changes(client, gold)
    assert all(change["tags"] == [] and change["remove"] for change in given.values())
    assert {name for name in given if int(name[1:]) % 2 == 0} == set()


def test_who_is_held_out_of_any_audience_or_of_everything_gets_no_tags(tmp_path: Path, client: TestClient) -> None:
    campaign = post_audience(client, channel="email", holdout={"share": 0.5, "name": "autumn"})
    audience = everybody(client)
    held_out = {
        row["customer_id"]
        for row in client.get(f"/v1/audiences/{campaign['audience_id']}/members?holdout=only").json()["members"]
    }
    begin(client, audience)
    assert 0 < len(held_out) < 38
    assert {*changes(client, audience)} == {*IDS} - {"c003", "c004"} - held_out
    record_global_holdout(tmp_path, GlobalHoldout(0.5, "2126", date(2126, 12, 31)), 1)
    assert begin(client, audience)["removed"] > 0


def test_pages_come_as_csv_and_ndjson_too(tmp_path: Path, client: TestClient) -> None:
    audience = everybody(client)
    export = begin(client, audience)
    path = f"/v1/audiences/{audience}/tag-changes?destination=crm&size=1&format="
    csv = client.get(f"{path}csv")
    assert csv.headers["X-Export-Id"] == export["export_id"]
    assert csv.text.splitlines()[0] == '"customer_id","add","remove","tags"'
    assert csv.text.splitlines()[1].startswith('"c000","[""fw:churn:low""')
    assert client.get(f"{path}ndjson").json()["customer_id"] == "c000"
    assert audit_lines(tmp_path)[-1]["tags"] == export["export_id"]


def test_a_wrong_destination_export_or_cursor_is_refused(client: TestClient) -> None:
    audience = everybody(client)
    path = f"/v1/audiences/{audience}/tag-changes"
    unknown = client.post(path, json={"destination": "sms"})
    assert (unknown.status_code, unknown.json()["errors"][0]["field"]) == (422, "destination")
    assert "expected one of flywheel.toml: crm" in unknown.json()["detail"]
    assert client.get(path, params={"destination": "crm"}).status_code == 409
    begin(client, audience)
    assert client.get(path, params={"destination": "crm", "cursor": "x"}).status_code == 422
    assert client.post("/v1/audiences/nobody/tag-changes", json={"destination": "crm"}).status_code == 404
    assert confirm(client, audience, "crm-0") == 409
    assert confirm(client, audience, "nonsense") == 422


@pytest.mark.parametrize("form", ["json", "csv"])
def test_a_head_request_exports_nothing_and_is_no_export_in_the_audit_log(
    tmp_path: Path, client: TestClient, form: str
) -> None:
    audience = everybody(client)
    begin(client, audience)
    path, before = f"/v1/audiences/{audience}/tag-changes?destination=crm&format={form}", audit_lines(tmp_path)
    head = client.head(path)
    assert (head.status_code, audit_lines(tmp_path)) == (200, before)
    assert head.headers["content-type"] == client.get(path).headers["content-type"]
    assert client.head(path.replace("crm", "sms")).status_code == 422
