"""Export command: changes in a file, confirmed by id; nothing to change afterwards."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from features.config.tags import TagsConfig
from features.consents.backends import open_ledger
from features.consents.consent import Defaults
from pipelines.cli.main import app
from serving.tags.destinations import record_destinations
from tests.serving import scored

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
CRM = TagsConfig(channel="email", groups=("churn", "value_tier"))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    ledger = open_ledger(tmp_path, "lmdb")
    ledger.set_defaults(Defaults(marketing=True))
    scored.write_scores(tmp_path, ledger, ["ann", "bob"])
    (tmp_path / "contacts.csv").write_text("customer_id,external_userid,userid\nann,wm1,li\n")
    contacts, tag_ids = str(tmp_path / "contacts.csv"), str(tmp_path / "tags.json")
    wecom = TagsConfig(channel="wechat", tool="wecom", groups=("churn",), contacts=contacts, tag_ids=tag_ids)
    record_destinations(tmp_path, {"crm": CRM, "wecom": wecom})
    return tmp_path


def export(home: Path, *arguments: str) -> Result:
    """The result of ``flywheel export tags``."""
    return CliRunner().invoke(app, ["export", "tags", *arguments, "--home", str(home)], obj=lambda: NOON)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_changes_are_written_again_until_they_are_confirmed(home: Path) -> None:
    file = home / "changes.ndjson"
    first = json.loads(export(home, "crm", "--out", str(file), "--json").output)
    assert (first["changed"], first["added"], first["removed"], first["confirmed"]) == (2, 4, 0, False)
    assert [line["customer_id"] for line in lines(file)] == ["ann", "bob"]
    written = file.read_text()
    again = export(home, "crm", "--out", str(file))
    assert f"--confirm {first['export_id']}" in again.output
    assert file.read_text() == written
    confirmed = export(home, "crm", "--confirm", first["export_id"])
    assert confirmed.output == f"Export {first['export_id']} is confirmed.\n"
    assert export(home, "crm").output == "Nothing to change in crm.\n"
    export(home, "crm", "--out", str(file), "--format", "csv")
    assert file.read_text() == '"customer_id","add","remove","tags"\n'


def test_bodies_for_wecom_have_the_ids_of_its_tags(home: Path) -> None:
    file = home / "bodies.ndjson"
    (body,) = map(json.loads, export(home, "wecom", "--list", "--format", "wecom").output.splitlines())
    assert body == {"group_name": "fw Churn risk", "tag": [{"name": "Low"}, {"name": "Medium"}, {"name": "High"}]}
    tags = [{"id": f"et{tag['name']}", **tag} for tag in body["tag"]]
    (home / "tags.json").write_text(json.dumps({"tag_group": [{**body, "tag": tags}]}))
    assert export(home, "wecom", "--format", "wecom", "--out", str(file)).exit_code == 0
    assert lines(file) == [{"userid": "li", "external_userid": "wm1", "add_tag": ["etLow"], "remove_tag": []}]


def test_the_list_has_the_names_of_both_languages_and_the_same_keys(home: Path) -> None:
    english, chinese = (
        json.loads(export(home, "crm", "--list", "--language", language, "--json").output)["tags"]
        for language in ("en", "zh")
    )
    assert [tag["key"] for tag in english] == [tag["key"] for tag in chinese]
    assert (english[2]["name"], chinese[2]["name"], chinese[2]["group"]) == ("High", "高", "fw 流失风险")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("sms",), "Found no destination of tags named 'sms'; expected one of flywheel.toml: crm, wecom."),
        (("crm", "--confirm", "crm-0"), "Found no export 'crm-0' to confirm; expected the newest one"),
        (("crm", "--format", "wecom", "--out", "x"), "Found the tool 'other' of crm; expected 'wecom' for the format"),
        (("wecom", "--format", "wecom", "--out", "x"), "expected the answer of WeCom's"),
        (("crm", "--audience", "nobody"), "Found no audience 'nobody'"),
    ],
)
def test_what_cannot_be_exported_is_said_and_nothing_is_written(
    home: Path, arguments: tuple[str, ...], text: str
) -> None:
    result = export(home, *arguments)
    assert result.exit_code == 1
    assert text in " ".join(result.output.split())
    assert not list((home / "tags").glob("*.parquet"))
