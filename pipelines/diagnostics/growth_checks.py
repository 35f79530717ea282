"""Growth checks: whether the north star is counted, is as new as the scores, and keeps its closed figures."""

from __future__ import annotations

import json
from datetime import date

from features.errors import StoreDamaged
from pipelines.diagnostics.check import Finding, check, ok, problem, warning
from pipelines.diagnostics.surroundings import Surroundings
from pipelines.learning.growth.closed_periods import read_closed, read_definition
from serving.growth.growth_loader import GROWTH_FILE


@check(
    "freshness",
    "growth",
    expected="figures of growth as of the day of the scores",
    remedy="`flywheel run`, or `flywheel growth --update`",
)
def growth_age(surroundings: Surroundings) -> Finding:
    """Whether the figures of growth fit the scores."""
    scores, path = surroundings.state.scores, surroundings.home.folder / GROWTH_FILE
    if scores is None:
        return ok("there is nothing yet")
    try:
        as_of = date.fromisoformat(json.loads(path.read_bytes())["as_of"])
    except (OSError, ValueError, KeyError, TypeError):
        return warning("there are none that can be read" if path.exists() else "there are none")
    scored = scores.as_of.astimezone(surroundings.zone).date()
    found = f"as of {as_of}"
    return warning(f"{found}, while the scores are as of {scored}") if as_of < scored else ok(found)


@check(
    "home",
    "closed periods",
    expected="the closed figures of growth as they were written",
    remedy="Restore the folder growth of the home from a backup; nothing else can tell them again",
)
def closed_periods(surroundings: Surroundings) -> Finding:
    """Whether the closed weeks and months, and the definition, can be read."""
    try:
        closed, _ = read_closed(surroundings.home), read_definition(surroundings.home)
    except (StoreDamaged, OSError) as error:
        return problem(str(error).partition(";")[0])
    return ok(f"{len(closed):,} weeks and months") if closed else ok("there is nothing yet")
