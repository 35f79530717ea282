"""Export console: the output of ``flywheel export tags``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from features.wording import count_of
from pipelines.cli.console import CommandConsole
from pipelines.cli.tables import titled_table

if TYPE_CHECKING:
    from pipelines.steps.export_tags import ListedTag, TagExportOutput
    from serving.schemas.tags import TagExportResponse


class ExportConsole(CommandConsole):
    """Prints exports of tags."""

    def show_export(self, output: TagExportOutput) -> None:
        """Print what an export changes, and how to confirm it."""
        summary = output.summary
        if self._json_output:
            path = None if output.path is None else str(output.path)
            self._print_json({**summary.model_dump(mode="json"), "path": path})
            return
        if not summary.changed:
            self._out.print(f"Nothing to change in {summary.destination}.")
            return
        self._out.print(
            f"{count_of(summary.changed, 'recipient')} of {summary.destination}: {count_of(summary.added, 'tag')} to "
            f"add, {summary.removed:,} to remove.",
            soft_wrap=True,
        )
        if output.path is None:
            self._out.print("Changes: not written, use --out FILE")
            return
        audience = "" if summary.audience_id is None else f" --audience {summary.audience_id}"
        self._out.print(
            f"Changes: {output.path}; once all are applied: flywheel export tags {summary.destination}{audience} "
            f"--confirm {summary.export_id}",
            soft_wrap=True,
        )

    def show_confirmed(self, summary: TagExportResponse) -> None:
        """Print that an export is confirmed."""
        if self._json_output:
            self._print_json(summary.model_dump(mode="json"))
            return
        self._out.print(f"Export {summary.export_id} is confirmed.", soft_wrap=True)

    def show_tags(self, tags: Sequence[ListedTag]) -> None:
        """Print every tag with its key, group and name."""
        if self._json_output:
            self._print_json({"tags": [asdict(tag) for tag in tags]})
            return
        table = titled_table("tags", "key", "group", "name")
        for tag in tags:
            table.add_row(tag.key, tag.group, tag.name)
        self._out.print(table)

    def show_bodies(self, bodies: Sequence[Mapping[str, Any]]) -> None:
        """Print the body of one request a line."""
        for body in bodies:
            self._out.print(json.dumps(body, ensure_ascii=False), soft_wrap=True, markup=False, highlight=False)
