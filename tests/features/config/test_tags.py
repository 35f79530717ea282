"""Tags: the sections of the tools that get bands, and what is wrong with them in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.config.shop import read_shop_config
from features.errors import InvalidConfig
from pipelines.home import Home
from pipelines.steps.tag_destinations import record_configured_destinations
from serving.tags.destinations import read_destination
from serving.tags.errors import UnknownDestination

SHOP = """
name = "corner"
currency = "EUR"
timezone = "Europe/Amsterdam"
[orders]
path = "orders.csv"
customer_id = "customer"
ordered_at = "at"
"""


def write(folder: Path, section: str) -> Path:
    (folder / "flywheel.toml").write_text(SHOP + section)
    return folder / "flywheel.toml"


def test_a_section_reaches_the_home_with_absolute_paths_and_once(tmp_path: Path) -> None:
    config = read_shop_config(write(tmp_path, '[tags.crm]\nchannel = "E-Mail "\ncontacts = "contacts.csv"'))
    home, reports = Home(tmp_path / "home"), list[str]()
    home.folder.mkdir()
    record_configured_destinations(config, home, reports.append)
    record_configured_destinations(config, home, reports.append)
    assert reports == ["tags go to crm"]
    crm = read_destination(home.folder, "crm")
    assert (crm.channel, crm.contacts) == ("e-mail", str(tmp_path / "contacts.csv"))


def test_a_section_changes_no_line_of_the_history_and_a_shop_without_any_gets_no_file(tmp_path: Path) -> None:
    without = read_shop_config(write(tmp_path, ""))
    home = Home(tmp_path / "home")
    home.folder.mkdir()
    record_configured_destinations(without, home, lambda _: None)
    assert not list(home.folder.iterdir())
    with_tags = read_shop_config(write(tmp_path, '[tags.crm]\nchannel = "email"'))
    assert with_tags.fingerprint == without.fingerprint
    with pytest.raises(UnknownDestination, match=r"expected one of flywheel.toml: none. Add it as \[tags.<name>\]"):
        read_destination(home.folder, "crm")


@pytest.mark.parametrize(
    ("section", "text"),
    [
        ('[tags.CRM]\nchannel = "email"', "found a destination named 'CRM'; expected a small letter, then at most 39"),
        ('[tags.crm]\nchannel = "email"\ngroups = []', "[tags.crm] groups"),
        ('[tags.crm]\nchannel = "email"\ngroups = ["score"]', "found 'score'; expected 'churn', 'next_purchase'"),
        ('[tags.w]\nchannel = "wechat"\ntool = "wecom"', "without contacts or tag_ids; expected the paths of both"),
        ('[tags.crm]\nchannel = "email"\nprefix = "f:w"', "prefix"),
        ("[tags.crm]", "channel"),
    ],
)
def test_a_wrong_section_is_refused_in_words(tmp_path: Path, section: str, text: str) -> None:
    with pytest.raises(InvalidConfig) as error:
        read_shop_config(write(tmp_path, section))
    assert text in str(error.value)
