"""The measured rhythms as text: totals, rankings, and at the end what failed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.simulation.judging import Ranking, Total

_HEAD = (
    f"{'shop':16} {'as of':10} {'what':7} {'days':>4} {'rung':11} {'ours':>9} {'actual':>9} {'ratio':>6} "
    f"{'interval':>11} {'persistence':>11} {'BTYD':>6}"
)


def page(totals: Sequence[Total], rankings: Sequence[Ranking], notes: Sequence[str]) -> Iterator[str]:
    """Line by line."""
    yield _HEAD
    yield from map(_total, totals)
    yield "\nrankings: ours beside a simple score, and by how much ours is better (95 %)"
    yield from map(_ranking, rankings)
    yield "\nruns"
    yield from notes
    yield "\nfailures"
    wrong = [one for one in totals if one.verdict == "FAIL"]
    behind = [one for one in rankings if one.verdict == "FAIL"]
    yield from map(_total, wrong)
    yield from map(_ranking, behind)
    yield f"{len(wrong)} of {len(totals)} totals and {len(behind)} of {len(rankings)} rankings failed"


def _total(one: Total) -> str:
    return (
        f"{one.shop:16} {one.as_of} {one.quantity:7} {one.days:4d} {one.rung:11} {one.ours:9.0f} {one.actual:9.0f} "
        f"{one.ratio:6.2f} {one.low:5.2f}-{one.high:5.2f} {one.over(one.persistence):11.2f} {one.over(one.btyd):6.2f} "
        f"{one.verdict}"
    )


def _ranking(one: Ranking) -> str:
    return (
        f"{one.shop:16} {one.as_of} {one.measure:5} {one.days:4d} {one.rung:10} {one.ours:.3f} "
        f"{one.rival:9} {one.theirs:.3f}  {one.low:+.3f} to {one.high:+.3f} {one.verdict}"
    )
