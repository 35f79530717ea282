"""Simulation report: prints totals, rankings and failures as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.simulation.judging import Ranking, Total

_HEAD = (
    f"{'shop':16} {'as of':10} {'total':7} {'days':>4} {'tier':11} {'ours':>9} {'actual':>9} {'ratio':>6} "
    f"{'interval':>11} {'persistence':>11} {'BTYD':>6}"
)


def render_page(totals: Sequence[Total], rankings: Sequence[Ranking], notes: Sequence[str]) -> Iterator[str]:
    """Render the report line by line."""
    yield _HEAD
    yield from map(_format_total, totals)
    yield "\nrankings: ours next to a simple score, and the 95 % interval of the difference"
    yield from map(_format_ranking, rankings)
    yield "\nruns"
    yield from notes
    yield "\nfailures"
    failed_totals = [total for total in totals if total.verdict == "FAIL"]
    failed_rankings = [ranking for ranking in rankings if ranking.verdict == "FAIL"]
    yield from map(_format_total, failed_totals)
    yield from map(_format_ranking, failed_rankings)
    yield f"{len(failed_totals)} of {len(totals)} totals and {len(failed_rankings)} of {len(rankings)} rankings failed"


def _format_total(total: Total) -> str:
    return (
        f"{total.shop:16} {total.as_of} {total.quantity:7} {total.days:4d} {total.tier:11} "
        f"{total.predicted:9.0f} {total.actual:9.0f} {total.ratio:6.2f} {total.low:5.2f}-{total.high:5.2f} "
        f"{total.ratio_of(total.persistence):11.2f} {total.ratio_of(total.btyd):6.2f} {total.verdict}"
    )


def _format_ranking(ranking: Ranking) -> str:
    return (
        f"{ranking.shop:16} {ranking.as_of} {ranking.measure:5} {ranking.days:4d} {ranking.tier:10} "
        f"{ranking.value:.3f} {ranking.baseline:9} {ranking.baseline_value:.3f}  "
        f"{ranking.low:+.3f} to {ranking.high:+.3f} {ranking.verdict}"
    )
