"""Promotion: a change of the champion that a crash at any step cannot leave half done."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from tests.training.registry.ready_store import registry_in, three_releases_in
from training.registry import Promotion, Registry, VersionNotFound
from training.registry.promotion_log import PromotionLog

pytestmark = pytest.mark.slow

if TYPE_CHECKING:
    from mlflow import MlflowClient

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


class KilledError(Exception):
    """The simulated crash of the process."""


class FakeMlflowClient:
    """MLflow's registry in memory; the process crashes after the last allowed write."""

    def __init__(self) -> None:
        self.aliases: dict[str, dict[str, str]] = {"release": {}, "churn": {}, "ltv": {}}
        self.tags: dict[tuple[str, str], dict[str, str]] = {
            ("release", "1"): {"churn": "1", "ltv": "1"},
            ("release", "2"): {"churn": "2"},
            ("release", "3"): {"churn": "3", "ltv": "2"},
            **{("churn", version): {} for version in "123"},
            **{("ltv", version): {} for version in "12"},
        }
        self.writes, self.allowed = 0, -1

    def search_registered_models(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(name=name, aliases=dict(aliases)) for name, aliases in self.aliases.items()]

    def search_model_versions(self, filter_string: str) -> list[SimpleNamespace]:
        name, version = filter_string.removeprefix("name = '").split("' and version_number = ")
        return [SimpleNamespace(version=version, tags=self.tags[name, version])]

    def set_registered_model_alias(self, name: str, alias: str, version: str) -> None:
        self.aliases[name][alias] = version
        self._count_write()

    def delete_registered_model_alias(self, name: str, alias: str) -> None:
        del self.aliases[name][alias]
        self._count_write()

    def set_model_version_tag(self, name: str, version: str, key: str, value: str) -> None:
        self.tags[name, version][key] = value
        self._count_write()

    def delete_model_version_tag(self, name: str, version: str, key: str) -> None:
        del self.tags[name, version][key]
        self._count_write()

    def _count_write(self) -> None:
        self.writes += 1
        if self.writes == self.allowed:
            raise KilledError


def registry_with_fake(home: Path) -> tuple[Registry, FakeMlflowClient]:
    home.mkdir()
    client = FakeMlflowClient()
    return Registry(home, cast("MlflowClient", client)), client


def promote(registry: Registry, version: str, at: datetime = NOON) -> Promotion:
    return registry.promote(version, by="ann", at=at, why="better", gate={"auc": 0.87})


def rollback(registry: Registry, at: datetime = NOON) -> Promotion:
    return registry.rollback(by="bob", at=at, why="complaints")


def aliases(registry: Registry) -> dict[str, str]:
    models = registry.client.search_registered_models()
    return {f"{model.name}@{alias}": str(version) for model in models for alias, version in model.aliases.items()}


def state(registry: Registry) -> object:
    tags = [registry.tags_of("release", version) for version in "123"]
    return aliases(registry), tags, registry.promotions()


def test_the_first_promotion_makes_a_champion_and_its_models_follow(tmp_path: Path) -> None:
    registry = three_releases_in(tmp_path)
    registry.set_challenger("release", "1")
    assert (registry.version_of("churn", "challenger"), registry.version_of("ltv", "challenger")) == ("1", "1")
    promotion = promote(registry, "1")
    assert promotion == Promotion(version="1", replaced=None, by="ann", at=NOON, why="better", gate={"auc": 0.87})
    assert aliases(registry) == {"release@champion": "1", "churn@champion": "1", "ltv@champion": "1"}
    assert registry.promotions() == [promotion]


def test_a_second_promotion_keeps_the_first_as_previous(tmp_path: Path) -> None:
    registry = three_releases_in(tmp_path)
    promote(registry, "1")
    promote(registry, "3", NOON + timedelta(days=7))
    assert (registry.version_of("release", "champion"), registry.version_of("release", "previous")) == ("3", "1")
    assert (registry.version_of("ltv", "champion"), registry.version_of("ltv", "previous")) == ("2", "1")
    tags = registry.tags_of("release", "3")
    promotion_tags = {key: tags[key] for key in ("promoted_by", "promoted_at", "promoted_why", "replaced")}
    assert promotion_tags == {
        "promoted_by": "ann",
        "promoted_at": "2026-01-12T12:00:00+00:00",
        "promoted_why": "better",
        "replaced": "1",
    }


def test_a_model_that_the_release_does_not_name_has_no_champion(tmp_path: Path) -> None:
    registry = three_releases_in(tmp_path)
    promote(registry, "1")
    promote(registry, "2")
    assert (registry.version_of("ltv", "champion"), registry.version_of("ltv", "previous")) == (None, "1")


def test_another_challenger_stays_when_a_release_is_promoted(tmp_path: Path) -> None:
    registry = three_releases_in(tmp_path)
    registry.set_challenger("release", "3")
    promote(registry, "1")
    assert (registry.version_of("release", "challenger"), registry.version_of("churn", "challenger")) == ("3", "3")


def test_promoting_the_champion_again_changes_nothing(tmp_path: Path) -> None:
    registry = three_releases_in(tmp_path)
    first = promote(registry, "1")
    before = state(registry)
    assert promote(registry, "1", NOON + timedelta(days=1)) == first
    assert state(registry) == before


def test_a_rollback_makes_the_release_before_the_champion_and_bars_the_other(tmp_path: Path) -> None:
    registry = three_releases_in(tmp_path)
    promote(registry, "1")
    promote(registry, "3")
    back = rollback(registry)
    assert back == Promotion(version="1", replaced="3", by="bob", at=NOON, why="complaints", gate={}, kind="rollback")
    assert (registry.version_of("churn", "champion"), registry.version_of("churn", "previous")) == ("1", "3")
    assert registry.barred_releases() == ["3"]
    assert registry.tags_of("release", "3")["barred"] == "rolled back by bob at 2026-01-05 12:00 UTC: complaints"
    assert registry.bar_of("3") == registry.tags_of("release", "3")["barred"]
    assert registry.bar_of("1") is None


def test_a_repeated_rollback_goes_further_back_and_never_to_what_was_rolled_back(tmp_path: Path) -> None:
    registry = three_releases_in(tmp_path)
    for version in "123":
        promote(registry, version)
    assert [rollback(registry).version, rollback(registry).version] == ["2", "1"]
    assert registry.barred_releases() == ["3", "2"]
    with pytest.raises(
        VersionNotFound, match=r"previous is 2, which was rolled back by bob .* --resume` brings it back"
    ):
        rollback(registry)


def test_a_promotion_lifts_the_bar(tmp_path: Path) -> None:
    registry = three_releases_in(tmp_path)
    promote(registry, "1")
    promote(registry, "3")
    rollback(registry)
    promote(registry, "3", NOON + timedelta(hours=1))
    assert (registry.barred_releases(), registry.bar_of("3")) == ([], None)
    assert "barred" not in registry.tags_of("release", "3")


def test_a_bar_outlives_the_log_of_its_home(tmp_path: Path) -> None:
    registry = three_releases_in(tmp_path)
    promote(registry, "1")
    promote(registry, "3")
    rollback(registry)
    (tmp_path / "promotions.jsonl").unlink()
    assert registry.bar_of("3") == "rolled back by bob at 2026-01-05 12:00 UTC: complaints"


def test_a_rollback_without_a_previous_release_is_an_error(tmp_path: Path) -> None:
    registry = three_releases_in(tmp_path)
    promote(registry, "2")
    with pytest.raises(VersionNotFound, match="no previous release to go back to: champion is 2, previous is none"):
        rollback(registry)


def test_a_release_that_is_not_there_cannot_be_promoted(tmp_path: Path) -> None:
    with pytest.raises(VersionNotFound, match=r"'release' has no version '9'. Registered: 1, 2, 3"):
        promote(three_releases_in(tmp_path), "9")


def test_a_shop_without_releases_has_nothing_to_promote_or_log(tmp_path: Path) -> None:
    registry = registry_in(tmp_path)
    assert (registry.version_of("release", "champion"), registry.promotions()) == (None, [])
    with pytest.raises(VersionNotFound, match="Registered: none yet"):
        promote(registry, "1")


def test_a_champion_made_by_hand_is_replaced_like_any_other(tmp_path: Path) -> None:
    registry = three_releases_in(tmp_path)
    registry.client.set_registered_model_alias("release", "champion", "1")
    assert promote(registry, "2").replaced == "1"
    registry.client.set_registered_model_alias("release", "champion", "3")
    assert promote(registry, "3").replaced == "2"
    registry.client.set_registered_model_alias("release", "champion", "1")
    assert (promote(registry, "1").replaced, registry.promotions()[-1].version) == ("3", "1")


def test_promoting_the_release_that_serves_puts_back_an_alias_moved_by_hand(tmp_path: Path) -> None:
    registry = three_releases_in(tmp_path)
    first = promote(registry, "1")
    before = state(registry)
    registry.client.set_registered_model_alias("release", "champion", "3")
    registry.client.set_registered_model_alias("churn", "champion", "3")
    assert promote(registry, "1", NOON + timedelta(days=1)) == first
    assert state(registry) == before


CHANGES = {"promotion": lambda registry: promote(registry, "3"), "rollback": rollback}
BARRED = {"barred": "rolled back by ann at 2026-01-01 12:00 UTC: complaints"}


def change_with_crashes(
    home: Path, change: Callable[[Registry], Promotion], crashes: tuple[int, ...]
) -> tuple[object, int]:
    registry, client = registry_with_fake(home)
    promote(registry, "1", NOON - timedelta(days=2))
    promote(registry, "2", NOON - timedelta(days=1))
    registry.set_challenger("release", "3")
    client.tags["release", "3"] |= BARRED
    for step in crashes:
        client.writes, client.allowed = 0, step
        with suppress(KilledError):
            change(registry)
            pytest.fail("the process should have crashed")
    client.writes, client.allowed = 0, -1
    change(registry)
    return (client.aliases, client.tags, registry.promotions()), client.writes


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_repeated_call_completes_a_change_after_a_crash_at_any_step(
    change: Callable[[Registry], Promotion], tmp_path: Path
) -> None:
    uninterrupted, steps = change_with_crashes(tmp_path / "whole", change, ())
    assert steps >= 11
    for step in range(1, steps + 1):
        repeated, remaining = change_with_crashes(tmp_path / f"{step}", change, (step,))
        assert repeated == uninterrupted, f"after step {step} of {steps}"
        for second in range(1, remaining + 1):
            repeated, _ = change_with_crashes(tmp_path / f"{step}-{second}", change, (step, second))
            assert repeated == uninterrupted, f"after step {step} and again after {second}"


def test_an_interrupted_promotion_is_completed_before_the_next(tmp_path: Path) -> None:
    registry, client = registry_with_fake(tmp_path / "shop")
    promote(registry, "1")
    client.writes, client.allowed = 0, 2
    with pytest.raises(KilledError):
        promote(registry, "2")
    promote(registry, "3")
    assert [(each.version, each.replaced) for each in registry.promotions()] == [("1", None), ("2", "1"), ("3", "2")]


def test_a_line_torn_by_a_crash_is_ignored(tmp_path: Path) -> None:
    log = PromotionLog(tmp_path / "promotions.jsonl")
    first = Promotion(version="1", replaced=None, by="Zoë", at=NOON, why="first", gate={"auc": float("nan")})
    log.append(first)
    log.path.write_bytes(log.path.read_bytes() + b'{"at": "2026-')
    assert log.contains(first)
    log.append(first)
    second = replace(first, version="2", replaced="1", at=NOON.astimezone(timezone(timedelta(hours=2))))
    log.append(second)
    assert [each.to_line() for each in log.read()] == [first.to_line(), second.to_line()]


def test_a_damaged_line_does_not_hide_the_others(tmp_path: Path) -> None:
    log = PromotionLog(tmp_path / "promotions.jsonl")
    first = Promotion(version="1", replaced=None, by="ann", at=NOON, why="first", gate={})
    log.append(first)
    log.path.write_bytes(log.path.read_bytes() + b'{"at": "20\n\xff\xfe\n[1]\n')
    log.append(replace(first, version="2"))
    assert [each.version for each in log.read()] == ["1", "2"]
    assert log.damaged_lines() == 3


def test_a_promotion_needs_an_instant_not_a_wall_clock() -> None:
    with pytest.raises(ValueError, match="needs a UTC offset, got 2026-01-05T12:00:00"):
        Promotion(version="1", replaced=None, by="ann", at=NOON.replace(tzinfo=None), why="", gate={})
