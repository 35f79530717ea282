"""Erasure console: the summary of ``flywheel forget``, as text or as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.cli.console import CommandConsole


class ErasureConsole(CommandConsole):
    """Prints erasure reports, without customer ids."""

    def show_erasures(self, reports: Sequence[Mapping[str, Any]]) -> None:
        """Print how many rows of each customer were removed, in the requested order."""
        if self._json_output:
            self._print_json({"customers": reports})
            return
        for report in reports:
            rows = ", ".join(f"{table} {count:,}" for table, count in report["removed"].items() if count)
            releases = ", ".join(release["release"] for release in report["trained_releases"]) or "none"
            self._out.print(
                f"{report['status']}: rows removed: {rows or 'none'}; releases trained on them: {releases}."
            )
        if reports:
            self._out.print(f"Retained: {reports[0]['retained']}.", soft_wrap=True)
