"""Rollback: what was rolled back stays away from nightly runs until a person brings it back."""

from __future__ import annotations

import pytest

from tests.pipelines import shops
from tests.pipelines.command import CommandResult, Flywheel
from tests.pipelines.conftest import ShopSnapshot

pytestmark = pytest.mark.slow

NOT_PROMOTED = 3
NIGHT, NEXT_NIGHT = shops.day(11), shops.day(12)


@pytest.fixture(scope="module")
def rolled_back_shop(corner_shop_snapshot: ShopSnapshot) -> Flywheel:
    """A shop whose second release was promoted by a nightly run, and rolled back; the tests go on from each other."""
    flywheel = corner_shop_snapshot.restore()
    assert flywheel("run", "--as-of", NIGHT).status == 0
    assert flywheel.home.champion() == "2"
    rollback = flywheel("promote", "--rollback", "--why", "complaints", "--json")
    assert (rollback.summary["version"], rollback.summary["replaced"], flywheel.home.champion()) == ("1", "2", "1")
    return flywheel


def run(flywheel: Flywheel, *options: object) -> CommandResult:
    return flywheel("run", *options, "--json")


def test_a_run_on_the_same_data_says_that_the_release_is_barred_and_scores_with_the_champion(
    rolled_back_shop: Flywheel,
) -> None:
    result = run(rolled_back_shop, "--as-of", NIGHT)
    assert result.status == NOT_PROMOTED, result.err
    assert (result.summary["trained"], result.summary["release"], rolled_back_shop.home.champion()) == ("2", "1", "1")
    assert result.summary["refused"].startswith("Release 2 was rolled back by ")
    assert result.summary["refused"].endswith("To bring it back: flywheel promote --version 2.")
    assert set(rolled_back_shop.scores["release"].to_pylist()) == {"1"}
    status = rolled_back_shop("status", "--json").summary
    assert ([*status["barred"]], status["champion"]["version"], status["champion_alias"]) == (["2"], "1", "1")
    assert "barred" in rolled_back_shop("status").out


def test_a_run_that_promotes_nothing_names_the_command_that_does(rolled_back_shop: Flywheel) -> None:
    result = run(rolled_back_shop, "--as-of", NEXT_NIGHT, "--no-promote")
    assert result.status == 0, result.err
    assert (result.summary["trained"], result.summary["release"], result.summary["refused"]) == ("3", "1", "")
    assert result.summary["promote"] == "flywheel promote --version 3"


def test_a_person_brings_it_back(rolled_back_shop: Flywheel) -> None:
    resumed = rolled_back_shop("promote", "--resume", "--json").summary
    assert (resumed["version"], resumed["replaced"], rolled_back_shop.home.champion()) == ("2", "1", "2")
    assert rolled_back_shop("status", "--json").summary["barred"] == {}
    assert rolled_back_shop("promote", "--resume").status == 1


def test_a_release_of_an_older_format_is_rolled_back_to_by_nobody(rolled_back_shop: Flywheel) -> None:
    assert rolled_back_shop("promote", "--version", "2").status == 0
    for manifest in rolled_back_shop.home.folder.glob("releases/1/release.json"):
        manifest.write_text(manifest.read_text().replace('"format": 2', '"format": 1'))
    artifacts = rolled_back_shop.home.folder / "mlartifacts"
    for manifest in artifacts.rglob("release.json"):
        manifest.write_text(manifest.read_text().replace('"format": 2', '"format": 1'))
    result = rolled_back_shop("promote", "--rollback")
    assert result.status == 1
    assert "Release 1 cannot serve: " in result.err
    assert "Nothing was changed; release 2 goes on serving." in result.err
    assert rolled_back_shop.home.champion() == "2"


@pytest.mark.parametrize(
    "options", [("--rollback", "--resume"), ("--resume", "--version", "1"), ("--rollback", "--force", "--why", "x")]
)
def test_options_that_name_two_releases_are_refused(rolled_back_shop: Flywheel, options: tuple[str, ...]) -> None:
    assert rolled_back_shop("promote", *options).status == 2
