"""Attack run: attacks a small shop and its service, prints the table, and writes docs/attacks.md."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.attacks import (
    damaged_files,
    differencing,
    floods,
    full_disk,
    hostile_requests,
    killed_processes,
    restored_stores,
    route_keys,
)
from benchmarks.attacks.attack_home import AttackHome, prepare_home
from benchmarks.attacks.page import render_page
from benchmarks.attacks.results import AttackResult, SkippedGroup
from pipelines.registration.lineage import git_commit

MAX_MINUTES = 15.0
RESERVED_SECONDS = 60.0  # a group is not begun with less time left
GROUPS: Mapping[str, Callable[[AttackHome], Iterator[AttackResult]]] = {
    module.GROUP: module.attack
    for module in (
        floods,
        route_keys,
        restored_stores,
        full_disk,
        differencing,
        damaged_files,
        hostile_requests,
        killed_processes,
    )
}


def main() -> int:
    """Run the attacks; the exit status is 1 if one of them broke something."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.attacks", description=__doc__)
    parser.add_argument("--work", type=Path, help="keep the trained shop here instead of in a temporary folder")
    parser.add_argument("--out", type=Path, default=Path("docs/attacks.md"))
    parser.add_argument("--minutes", type=float, default=MAX_MINUTES, help="time for all groups together")
    parser.add_argument("--only", action="append", choices=tuple(GROUPS), help="only this group; may be repeated")
    arguments = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="flywheel-attack-") as scratch:
        home = prepare_home((arguments.work or Path(scratch)).resolve(), _report)
        results, skipped = run_groups(home, arguments.only or tuple(GROUPS), began + 60 * arguments.minutes)
    page = render_page(results, skipped, datetime.now(UTC), git_commit(), time.monotonic() - began)
    arguments.out.write_text(page, encoding="utf-8")
    print(page)  # noqa: T201 -- the table is the result
    return int(not all(result.holds for result in results))


def run_groups(
    home: AttackHome, names: Sequence[str], deadline: float
) -> tuple[list[AttackResult], list[SkippedGroup]]:
    """Run groups in their order until the deadline, by the monotonic clock."""
    results: list[AttackResult] = []
    skipped = []
    for name in (name for name in GROUPS if name in names):
        if time.monotonic() > deadline - RESERVED_SECONDS:
            skipped.append(SkippedGroup(name, "no time was left"))
            continue
        try:
            for result in GROUPS[name](home):
                _report(f"{result.group}: {result.attack}: {'holds' if result.holds else 'BROKEN'} {result.note}")
                results.append(result)
                if time.monotonic() > deadline - RESERVED_SECONDS:
                    skipped.append(SkippedGroup(name, "no time was left for all of it"))
                    break
        except Exception as error:  # noqa: BLE001 -- a group that fails must not hide the others
            skipped.append(SkippedGroup(name, f"{type(error).__name__}: {error}"))
            _report(f"{name}: {skipped[-1].reason}")
    return results, skipped


def _report(text: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S} {text}", file=sys.stderr, flush=True)  # noqa: T201 -- progress


if __name__ == "__main__":
    sys.exit(main())
