"""Alert rules: every rule of deploy/alerts.yaml is whole, and every metric that it names exists."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from serving.observability.metrics import Metrics

RULES_FILE = Path(__file__).parents[3] / "deploy" / "alerts.yaml"
YAML: Any = import_module("yaml")  # published without types
DOCUMENT: dict[str, Any] = YAML.safe_load(RULES_FILE.read_text(encoding="utf-8"))
RULES = [rule for group in DOCUMENT["groups"] for rule in group["rules"]]
FUNCTIONS = {"max", "min", "sum", "by", "time", "increase"}
DURATION = re.compile(r"\d+[smhd]")


def metric_names(expression: str) -> set[str]:
    """The metrics that an expression names: its words without functions, labels and what is in braces or brackets."""
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]|by \([^)]*\)", "", expression)
    return set(re.findall(r"[a-zA-Z_]\w*", bare)) - FUNCTIONS


def label_names(expression: str) -> set[str]:
    """The labels by which an expression groups or selects."""
    grouped = {name.strip() for labels in re.findall(r"by \(([^)]*)\)", expression) for name in labels.split(",")}
    return grouped | set(re.findall(r"(\w+)=", expression))


@pytest.fixture(scope="module")
def exposition() -> str:
    """The metrics of a worker, each with the labels that it has in use."""
    return Metrics().render().decode()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_every_metric_of_a_rule_exists(rule: dict[str, Any], exposition: str) -> None:
    names = metric_names(rule["expr"])
    assert names
    families = {name.removesuffix("_total") for name in re.findall(r"^# TYPE (\w+)", exposition, re.MULTILINE)}
    assert {name.removesuffix("_total") for name in names} <= families


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_a_rule_says_what_is_wrong_and_what_to_do(rule: dict[str, Any]) -> None:
    assert {*rule} <= {"alert", "expr", "for", "labels", "annotations"}
    assert rule["labels"]["severity"] in {"info", "warning", "critical"}
    assert DURATION.fullmatch(rule.get("for", "1m"))
    assert all(rule["annotations"][name].endswith(".") for name in ("summary", "description"))
    used = set(re.findall(r"\$labels\.(\w+)", str(rule["annotations"])))
    assert used <= label_names(rule["expr"])


def test_the_names_of_the_rules_differ() -> None:
    assert len({rule["alert"] for rule in RULES}) == len(RULES) >= 9


def test_a_metric_that_is_misspelt_is_found() -> None:
    assert metric_names('sum by (kind) (flywheel_drft{kind="inputs"}) > 0') == {"flywheel_drft"}
