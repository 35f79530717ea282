"""Uplift benchmark: public campaigns with treatment at random.

``python -m benchmarks.uplift.run`` writes its own section of docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.reporting.markdown import format_met, replace_section, table
from benchmarks.uplift.campaigns import HILLSTROM, INSURANCE, available_campaigns
from benchmarks.uplift.measures import (
    MAX_CLAIMS,
    NULL_RUNS,
    CampaignResult,
    Tail,
    count_claims,
    measure_campaign,
    measure_tails,
)
from pipelines.registration.lineage import git_commit
from training.inference.uplift.evidence import Interval
from training.uplift.candidates import CANDIDATES

TITLE = "Uplift"


def main() -> None:
    """Measure every campaign whose data are there."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.uplift.run", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    parser.add_argument("--null-runs", type=int, default=NULL_RUNS, help="samples without an effect; 0 for none")
    arguments = parser.parse_args()
    text = measure_uplift(arguments.null_runs)
    replace_section(arguments.out, TITLE, text)
    print(text)  # noqa: T201 -- the table is the result


def measure_uplift(null_runs: int) -> str:
    """The section of the page; a sentence says so where the data are not there."""
    campaigns = available_campaigns()
    if not campaigns:
        return f"## {TITLE}\n\nNot measured: the data of the campaigns are not there."
    files = {campaign.file for campaign in campaigns}
    results = [measure_campaign(campaign) for campaign in campaigns]
    parts = [f"## {TITLE}", _method(), campaigns_table(results), candidates_table(results)]
    if INSURANCE in files:
        parts.append(tails_table(measure_tails()))
    if HILLSTROM in files and null_runs:
        parts.append(_claims(count_claims(null_runs), null_runs))
    return "\n\n".join(parts)


def campaigns_table(results: Sequence[CampaignResult]) -> str:
    """What was chosen in each campaign, beside what is asked."""
    rows = [
        (
            result.campaign.name, f"{result.customers:,}", _words(result.findings.average_effect, 4),
            str(result.findings.policy), _words(result.findings.qini, 0), _target(result), format_met(result.is_met),
        )
        for result in results
    ]  # fmt: skip
    head = ("campaign", "customers", "average effect", "policy", "Qini of the choice", "asked", "met")
    return table(head, rows)


def candidates_table(results: Sequence[CampaignResult]) -> str:
    """The Qini of every candidate, cross-fitted, by one split into folds."""
    rows = [
        (result.campaign.name, *(_words(result.findings.candidates[name], 0) for name in CANDIDATES))
        for result in results
    ]
    return table(("campaign", *CANDIDATES), rows)


def tails_table(tails: Sequence[Tail]) -> str:
    """Predicted and realised effects in the half of the insurance campaign that no model saw."""
    rows = [(tail.name, f"{tail.predicted:+.3f}", _words(tail.realised, 3), format_met(tail.is_met)) for tail in tails]
    return table(("insurance, the other half", "predicted", "realised", "sign surely right"), rows)


def _method() -> str:
    return (
        f"Measured {datetime.now(UTC):%Y-%m-%d} at commit `{git_commit()[:12]}`. One setting of the learners for all "
        "campaigns. Qini is the area between the cumulated gain per customer and the line to treating everybody, times "
        "10,000, judged with doubly robust scores at the known probability; brackets are 95 %. The Qini of the choice "
        "is that of choosing by the gate on some folds and ranking another: the best candidate of one cross-fit is "
        "flattered."
    )


def _claims(claims: int, runs: int) -> str:
    met = format_met(claims <= MAX_CLAIMS * runs / NULL_RUNS)
    return (
        "Treatment shuffled among the customers without an e-mail, visits: a ranking was claimed in "
        f"{claims} of {runs} samples; asked is at most {MAX_CLAIMS} of {NULL_RUNS}; met: {met}."
    )


def _target(result: CampaignResult) -> str:
    campaign = result.campaign
    if campaign.is_refused:
        return "no ranking"
    low = "" if campaign.min_low is None else f", from {campaign.min_low:.0f}"
    return "" if campaign.min_qini is None else f"at least {campaign.min_qini:.0f}{low}"


def _words(value: Interval | None, decimals: int) -> str:
    if value is None:
        return "none passed"
    return f"{value.value:.{decimals}f} [{value.low:.{decimals}f}, {value.high:.{decimals}f}]"


if __name__ == "__main__":
    main()
