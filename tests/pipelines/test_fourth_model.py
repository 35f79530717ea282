"""A fourth model is one file: a page put into training/models/ is trained, gated, registered, scored and served."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import training
from pipelines.home import Home
from tests.pipelines import shops
from tests.pipelines.command import Flywheel
from tests.pipelines.conftest import AS_OF, ShopOf
from tests.pipelines.shops import Log

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PAGE, SERVE = (ROOT / "tests" / "pipelines" / "fourth_model" / name for name in ("upgrade.py", "serve.py"))
SUMMARY = "Will this customer order at least twice within the horizon? A base rate."
TODAY = shops.day(AS_OF)


def run_python(flywheel: Flywheel, packages: Path, *arguments: str) -> str:
    """The output of a Python process that finds the extended_shop package ``training`` before the project's own."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("FLYWHEEL_")},
        "PYTHONPATH": f"{packages}{os.pathsep}{ROOT}",
        "FLYWHEEL_HOME": str(flywheel.home.folder),
        "FLYWHEEL_AS_OF": TODAY.isoformat(),
    }
    done = subprocess.run(
        [sys.executable, *arguments], cwd=flywheel.folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package ``training`` as it is, and one page more in ``models/``."""
    folder = tmp_path_factory.mktemp("packages")
    shutil.copytree(training.__path__[0], folder / "training", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(PAGE, folder / "training" / "models" / PAGE.name)
    return folder


@pytest.fixture(scope="module")
def extended_shop(shop_of: ShopOf, log: Log, packages: Path) -> Flywheel:
    """A shop after ``flywheel run`` with four models."""
    flywheel = shop_of(log)
    run = "from pipelines.cli.main import main; main()"
    run_python(flywheel, packages, "-c", run, "run", "--as-of", TODAY.isoformat(), "--json")
    return flywheel


@pytest.fixture(scope="module")
def service_answers(extended_shop: Flywheel, packages: Path) -> dict[str, Any]:
    """The answers of the service for a customer with orders, a visitor without, and a stranger."""
    answers: dict[str, Any] = json.loads(run_python(extended_shop, packages, str(SERVE), "00011", "v0003", "nobody"))
    return answers


def card(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    """What GET /v1/models says of the fourth model."""
    (found,) = (one for one in manifest["cards"] if one["name"] == "upgrade")
    return dict(found)


def test_it_is_trained_and_backtested_on_every_tier_beside_its_baseline(extended_shop: Flywheel) -> None:
    contestants = {score["contestant"] for score in card(extended_shop.release)["metrics"]}
    assert contestants == {"average", "btyd", "population", "never"}
    assert {total["measure"] for total in card(extended_shop.release)["totals"]} == {"upgrades"}
    assert card(extended_shop.release)["horizon_days"] == [60]


def test_the_gate_judges_it_by_its_own_ranking(extended_shop: Flywheel) -> None:
    gate, tiers = extended_shop.release["gate"], extended_shop.release["tiered_model"]["tier_by_model"]
    assert gate["reasons"]["upgrade"].startswith("average: tested at 3 origins, refuted by none; nobody is ranked")
    assert gate["no_signal"] == ["upgrade"]
    assert tiers == dict.fromkeys(("churn", "next_purchase", "ltv", "upgrade"), "average")


def test_it_is_registered_with_its_card_and_its_figures(extended_shop: Flywheel) -> None:
    client = Home(extended_shop.home.folder).registry().client
    assert str(client.get_registered_model("upgrade").description).startswith(SUMMARY)
    (version,) = client.search_model_versions("name = 'upgrade'")
    assert "Choosing whom a subscription is offered to." in str(version.description)
    assert "Total upgrades within 60 days" in str(version.description)
    files = {Path(one.path).stem for one in client.list_artifacts(str(version.run_id), "figures")}
    assert files == {"all_tiers", "reliability"}
    assert extended_shop.release["model_versions"]["upgrade"] == "1"


def test_it_is_scored_into_its_column(extended_shop: Flywheel) -> None:
    scores = pq.read_table(extended_shop.home.scores)
    assert scores.schema.names.index("upgrade_probability") == scores.schema.names.index("historic_spend") + 3
    bought = [orders > 0 for orders in scores["orders"].to_pylist()]
    probabilities = scores["upgrade_probability"].to_pylist()
    assert {value for value, has_bought in zip(probabilities, bought, strict=True) if not has_bought} == {0.0}
    (rate,) = {value for value, has_bought in zip(probabilities, bought, strict=True) if has_bought}
    assert 0 < rate < 1


def test_it_is_answered_over_http_as_it_was_scored(extended_shop: Flywheel, service_answers: Mapping[str, Any]) -> None:
    scores = pq.read_table(extended_shop.home.scores, columns=["customer_id", "upgrade_probability"]).to_pylist()
    scored = {row["customer_id"]: row["upgrade_probability"] for row in scores}
    buyer, visitor, stranger = service_answers["all"]
    assert list(buyer)[-5:] == ["churn", "next_purchase", "ltv", "upgrade", "segment"]
    for answer, status, tier in ((buyer, "no_signal", "average"), (visitor, "insufficient_history", "population")):
        probability = scored[answer["customer_id"]]
        assert answer["upgrade"] == {"status": status, "tier": tier, "horizon_days": 60, "probability": probability}
    assert "upgrade" not in stranger
    assert [one.get("upgrade") for one in service_answers["upgrade"]] == [
        one.get("upgrade") for one in service_answers["all"]
    ]
    assert not {"churn", "next_purchase", "ltv", "segment"} & {*service_answers["upgrade"][0]}


def test_it_is_explained_by_its_own_attributions(service_answers: Mapping[str, Any]) -> None:
    reasons = service_answers["reasons"][0]["reasons"]
    assert {one["answer"] for one in reasons} == {"upgrade"}
    assert {one["direction"] for one in reasons} <= {"raises", "lowers"}


def test_it_is_documented(service_answers: Mapping[str, Any]) -> None:
    schemas = service_answers["schemas"]
    assert "UpgradeResponse" in schemas
    assert list(schemas["Prediction"]["properties"])[-7:] == [
        "churn", "next_purchase", "ltv", "uplift", "upgrade", "segment", "reasons",
    ]  # fmt: skip
    assert "'ltv', 'uplift', 'upgrade', 'segment' or 'reasons'" in json.dumps(service_answers["refused"])
    assert {one["name"] for one in service_answers["models"]["models"]} == {"churn", "next_purchase", "ltv", "upgrade"}
