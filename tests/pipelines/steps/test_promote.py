"""Promotion: what the gate says against the champion of today, and releases that another version has written."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from features.errors import NotFound
from features.plausibility_note import PlausibilityNote, Severity
from features.views import View
from pipelines.home import Home
from pipelines.promotion.refusals import GateRejected, ReleaseBarred, TrialFailed
from pipelines.registration.candidate import ReleaseCandidate
from pipelines.steps import promote
from training.evaluation.quality_gate import GateDecision
from training.inference.release_manifest import GateResult, ReleaseManifest, ReleaseMetadata

NOW = datetime(2026, 11, 29, tzinfo=UTC)
MANIFEST = ReleaseManifest(
    model_versions={"churn": "1"},
    metadata=ReleaseMetadata(
        as_of=0, name="shop", currency="EUR", timezone="UTC", churn_days=28, ltv_days=(30,), lead_days=3,
        bands=(0.3, 0.7), max_feature_age_days=7, feature_service="predictions_v1", has_amounts=True,
    ),
    views=(View("transactions", ()),),
    cards=(),
    tiered_model={"tier_by_model": {"churn": "average"}},
    churn_sample=(),
    gate=GateResult(passed=True, regressions=[], reasons={}, refutations=[], no_signal=[]),
)  # fmt: skip


class FakeRegistry:
    """A registry of two releases, of which 1 is the champion."""

    bars: ClassVar[dict[str, str]] = {}

    def version_of(self, _model: str, alias: str) -> str:
        return {"champion": "1", "challenger": "2"}[alias]

    def fetch(self, version: str, folder: Path) -> None:
        """Every release is on disk."""

    def bar_of(self, version: str) -> str | None:
        return self.bars.get(version)

    def promote(self, version: str, **_: object) -> SimpleNamespace:
        return SimpleNamespace(version=version)


def write(home: Home, version: str, text: str) -> None:
    folder = home.releases / version
    folder.mkdir(parents=True)
    (folder / "release.json").write_text(text)


def on_tier(tier: str) -> str:
    return replace(MANIFEST, tiered_model={"tier_by_model": {"churn": tier}}).to_text()


def of_another_version() -> str:
    return json.dumps({**json.loads(MANIFEST.to_text()), "format": 1})


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home whose registry is the fake one, and whose releases need no trial."""
    monkeypatch.setattr(Home, "registry", lambda _: FakeRegistry())
    monkeypatch.setattr("pipelines.promotion.trial.try_release", lambda *_: None)
    return Home(tmp_path)


def promote_challenger(home: Home) -> None:
    promote.run(home, NOW, lambda _: None)


def test_a_release_from_a_lower_tier_than_the_champion_is_rejected(home: Home) -> None:
    write(home, "1", on_tier("average"))
    write(home, "2", on_tier("last_window"))
    with pytest.raises(GateRejected, match="the champion answers churn surely better, or from a higher tier"):
        promote_challenger(home)


def test_a_champion_of_another_version_does_not_stand_in_the_way(home: Home) -> None:
    write(home, "1", of_another_version())
    write(home, "2", on_tier("btyd"))
    promote_challenger(home)
    assert (home.releases / "champion").read_text().strip() == "2"


def test_a_champion_of_another_version_answers_from_no_tier(home: Home) -> None:
    write(home, "1", of_another_version())
    (home.releases / "champion").write_text("1")
    assert home.champion_tiers() == {}


def gate(
    home: Home,
    tier: str,
    refutations: Sequence[str],
    views: Sequence[View] = MANIFEST.views,
    *,
    notes: Sequence[PlausibilityNote] = (),
    blocking: Sequence[str] = (),
    stand_in: Sequence[str] = (),
) -> GateResult:
    """The gate's result on a candidate that answers from a tier, with what speaks against it."""
    assembled: Any = SimpleNamespace(tiered_model=SimpleNamespace(tier_name=tier))
    context: Any = SimpleNamespace(home=home, views=views, plausibility=notes)
    backtest: Any = None
    rows: Any = None
    reference: Any = None
    return ReleaseCandidate(
        context=context, fingerprint="", backtest_result=backtest, assembled_release=assembled, churn_sample=[],
        gate_decisions={
            "churn": GateDecision("churn", tier, "", (*blocking, *refutations), blocking=tuple(blocking))
        },
        stand_in_refutations=stand_in,
        rows=rows, drift_reference=reference,
    ).gate  # fmt: skip


def test_wrong_probabilities_stop_a_release_only_where_a_champion_can_go_on_serving(home: Home) -> None:
    assert gate(home, "btyd", ["off by 20%"]).passed
    write(home, "1", on_tier("average"))
    (home.releases / "champion").write_text("1")
    assert not gate(home, "btyd", ["off by 20%"]).passed
    assert gate(home, "btyd", []).passed


@pytest.mark.parametrize("tier", ["average", "btyd", "population"])
def test_a_release_with_wrong_totals_or_ranking_never_promotes_itself(home: Home, tier: str) -> None:
    assert not gate(home, tier, [], blocking=["ten times too few"]).passed


def test_the_last_window_serves_unless_its_own_test_refutes_it(home: Home) -> None:
    assert gate(home, "last_window", [], blocking=["ten times too few"]).passed
    refuted = gate(home, "last_window", [], blocking=["ten times too few"], stand_in=["churn: wrong way round"])
    assert not refuted.passed
    assert refuted.refutations == ["churn: ten times too few", "churn: wrong way round"]


def test_a_champion_that_cannot_read_the_features_of_today_stands_in_for_nothing(home: Home) -> None:
    write(home, "1", on_tier("average"))
    (home.releases / "champion").write_text("1")
    assert gate(home, "btyd", ["ten times too few"], [View("other", ())]).passed


def note(code: str, severity: Severity, *, accepted: bool = False) -> PlausibilityNote:
    return PlausibilityNote(code, severity, "One id has 30% of all lines", "persons", "Name it", 1, "ann", accepted)


def test_a_log_whose_answers_are_worthless_lets_no_release_promote_itself(home: Home) -> None:
    result = gate(home, "average", [], notes=[note("id_dominant", "blocking"), note("log_gap", "warning")])
    assert not result.passed
    assert result.implausible == {"id_dominant": "One id has 30% of all lines. Expected persons. Name it."}
    assert not gate(home, "last_window", ["ten times too few"], notes=[note("id_dominant", "blocking")]).passed


def test_an_accepted_note_and_a_warning_let_it_pass(home: Home) -> None:
    notes = [note("id_dominant", "blocking", accepted=True), note("ids_differ_by_case", "warning")]
    result = gate(home, "average", [], notes=notes)
    assert (result.passed, result.implausible) == (True, {})


def implausible_release() -> str:
    stored = replace(MANIFEST.gate, passed=False, implausible={"id_dominant": "One id has 30% of all lines. Name it."})
    return replace(MANIFEST, gate=stored).to_text()


def test_a_release_of_an_implausible_log_is_promoted_by_force_only(home: Home) -> None:
    write(home, "1", on_tier("average"))
    write(home, "2", implausible_release())
    with pytest.raises(GateRejected) as rejected:
        promote_challenger(home)
    assert str(rejected.value) == (
        "The gate rejects release 2: id_dominant: One id has 30% of all lines. Name it. No release is serving. If "
        'the log is right, accept it in flywheel.toml, accept = ["id_dominant"], and run again. See its run in '
        "`flywheel ui`; to promote it nevertheless: flywheel promote --version 2 --force --why REASON."
    )
    assert promote.run(home, NOW, lambda _: None, force=True, why="checked by hand").version == "2"


def test_a_release_of_an_earlier_version_has_no_implausible_log() -> None:
    stored = json.loads(MANIFEST.to_text())
    del stored["gate"]["implausible"]
    assert ReleaseManifest.parse(json.dumps(stored), "1").gate.implausible == {}


class RecordingRegistry(FakeRegistry):
    """A registry that notes what is moved, and whose release 3 was rolled back."""

    bars: ClassVar[dict[str, str]] = {"3": "rolled back by ann at 2026-11-28 09:00 UTC: complaints"}

    def __init__(self) -> None:
        self.moves: list[str] = []

    def barred_releases(self) -> list[str]:
        return ["3"]

    def rollback_target(self) -> str:
        return "0"

    def promotions(self) -> list[Any]:
        return []

    def newest_promotion(self) -> Any:  # noqa: ANN401 -- a fake promotion has only what is read
        promotions = self.promotions()
        return promotions[-1] if promotions else None

    def rollback(self, **_: object) -> SimpleNamespace:
        self.moves.append("rollback")
        return SimpleNamespace(version="0", replaced="1")

    def promote(self, version: str, **_: object) -> SimpleNamespace:
        self.moves.append(version)
        return SimpleNamespace(version=version)


@pytest.fixture
def registry(home: Home, monkeypatch: pytest.MonkeyPatch) -> RecordingRegistry:
    """The registry of the home, whose release 1 serves and whose gate lets every release pass."""
    (home.folder / "releases").mkdir()
    (home.releases / "champion").write_text("1\n")
    monkeypatch.setattr("pipelines.promotion.gate.current_gate", lambda *_: {"passed": True})
    recording = RecordingRegistry()
    monkeypatch.setattr(Home, "registry", lambda _: recording)
    return recording


Promoting = Callable[[Home], object]
WAYS: dict[str, Promoting] = {
    "promote": lambda home: promote.run(home, NOW, ignore),
    "--version": lambda home: promote.run(home, NOW, ignore, version="3"),
    "--force": lambda home: promote.run(home, NOW, ignore, version="3", force=True, why="tried"),
    "--rollback": lambda home: promote.rollback(home, NOW, ignore),
    "--resume": lambda home: promote.resume(home, NOW, ignore),
    "run": lambda home: promote.run_automatically(home, NOW, ignore, "2"),
}


def ignore(_message: str) -> None:
    """Report to nobody."""


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_release_that_fails_its_trial_moves_nothing(
    home: Home, registry: RecordingRegistry, way: Promoting, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise TrialFailed("Release 2 cannot serve.")

    monkeypatch.setattr("pipelines.promotion.trial.try_release", fail)
    with pytest.raises(TrialFailed):
        way(home)
    assert (registry.moves, home.champion()) == ([], "1")


def test_a_release_that_was_rolled_back_does_not_promote_itself(home: Home, registry: RecordingRegistry) -> None:
    with pytest.raises(ReleaseBarred) as barred:
        promote.run_automatically(home, NOW, ignore, "3")
    assert str(barred.value) == (
        "Release 3 was rolled back by ann at 2026-11-28 09:00 UTC: complaints. It stays barred until somebody promotes "
        "it by hand. Release 1 goes on serving. To bring it back: flywheel promote --version 3."
    )
    assert (registry.moves, home.champion()) == ([], "1")


def test_a_challenger_that_was_rolled_back_is_promoted_by_its_number_only(
    home: Home, registry: RecordingRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "version_of", lambda _model, alias: {"champion": "1", "challenger": "3"}[alias])
    with pytest.raises(ReleaseBarred):
        promote.run(home, NOW, ignore)
    reports: list[str] = []
    promote.run(home, NOW, reports.append, version="3")
    assert (registry.moves, home.champion()) == (["3"], "3")
    assert reports[0].startswith("release 3 is barred no longer: it had been rolled back by ann")


def test_resuming_brings_back_what_was_rolled_back_last(home: Home, registry: RecordingRegistry) -> None:
    promote.resume(home, NOW, ignore)
    assert (registry.moves, home.champion()) == (["3"], "3")


def test_a_rollback_before_the_last_promotion_is_not_taken_back(
    home: Home, registry: RecordingRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = SimpleNamespace(kind="promotion", version="1", replaced="2")
    monkeypatch.setattr(registry, "promotions", lambda: [last])
    with pytest.raises(NotFound, match="no rollback since the last promotion"):
        promote.resume(home, NOW, ignore)
    assert registry.moves == []


def test_there_is_nothing_to_resume_without_a_rollback(
    home: Home, registry: RecordingRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "barred_releases", list)
    with pytest.raises(NotFound, match="no rollback since the last promotion, and no promotion that was interrupted"):
        promote.resume(home, NOW, ignore)
    (home.releases / "champion").write_text("0\n")
    promote.resume(home, NOW, ignore)
    assert home.champion() == "1"
