"""Loop run: walks through the loop in the demo's shop, and writes docs/tutorials/the-loop.md."""

from __future__ import annotations

import argparse
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.loop.page import render_page
from benchmarks.loop.shop import LoopShop
from benchmarks.loop.walk import walk_the_loop
from pipelines.registration.lineage import git_commit


def main() -> None:
    """Run the walk."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.loop", description=__doc__)
    parser.add_argument("--work", type=Path, help="keep the shop here instead of in a temporary folder")
    parser.add_argument("--out", type=Path, default=Path("docs/tutorials/the-loop.md"))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="flywheel-loop-") as scratch:
        walk = walk_the_loop(LoopShop((arguments.work or Path(scratch)).resolve()), _report)
    arguments.out.write_text(render_page(walk, datetime.now(UTC), git_commit()), encoding="utf-8")


def _report(text: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S} {text}", file=sys.stderr, flush=True)  # noqa: T201 -- progress


if __name__ == "__main__":
    main()
