"""Promotion checks: MLflow's champion against the release that serves, and the promotion log."""

from __future__ import annotations

from features.wording import count_of
from pipelines import environment
from pipelines.diagnostics.check import Finding, check, ok, warning
from pipelines.diagnostics.surroundings import Surroundings
from training.registry.champion_alias import read_champion_alias
from training.registry.promotion_log import PromotionLog


@check(
    "stores",
    "champion alias",
    expected="the alias champion in MLflow on the release that serves",
    remedy="`flywheel promote --follow` promotes the release that the alias names, or puts the alias back",
)
def champion_alias(surroundings: Surroundings) -> Finding:
    """Whether MLflow calls the release that serves the champion."""
    if environment.MLFLOW_TRACKING_URI.value:
        return ok("on a server of its own, which is asked by `flywheel promote --follow` only")
    named, serving = read_champion_alias(surroundings.home.folder), surroundings.home.champion()
    found = f"it names {'none' if named is None else f'release {named}'}"
    if named == serving:
        return ok(found)
    return warning(f"{found}, while {'none' if serving is None else f'release {serving}'} serves")


@check(
    "stores",
    "promotion log",
    expected="promotions.jsonl with one promotion in each line",
    remedy="Restore the file from a backup: a damaged line is left out, and with it the bar of a release, of which "
    "only the tag in MLflow is left",
)
def promotion_log(surroundings: Surroundings) -> Finding:
    """Whether every line of the promotion log can be read."""
    log = PromotionLog.of_home(surroundings.home.folder)
    damaged = log.damaged_lines()
    if damaged:
        return warning(f"{count_of(damaged, 'line')} that cannot be read")
    return ok(count_of(len(surroundings.state.promotions), "promotion"))


PROMOTION_CHECKS = (champion_alias, promotion_log)
