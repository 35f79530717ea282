"""Tag checks: whether the tags that each tool has are known, and whether an export waits for its confirmation."""

from __future__ import annotations

from datetime import timedelta

from features.calendar import instant
from features.wording import count_of
from pipelines.diagnostics.check import Finding, check, ok, warning
from pipelines.diagnostics.surroundings import Surroundings
from serving.tags.destinations import read_destinations
from serving.tags.tag_state_file import read_state, state_files

_LATE = timedelta(days=2)  # an export is applied in hours, so a consumer that takes longer has failed


@check(
    "stores",
    "tags",
    expected="the tags that each tool of [tags] has, and no export that waits for its confirmation for days",
    remedy="Look at the consumer that should apply and confirm the export. Restore a damaged file from a backup. "
    "Remove the file of a tool that is no longer in use, once its tags are deleted there",
)
def tags(surroundings: Surroundings) -> Finding:
    """Whether every state can be read, is of a configured tool, and is confirmed."""
    home = surroundings.home.folder
    destinations, states = read_destinations(home), {path.stem: read_state(path) for path in state_files(home)}
    exports = {name: state.export for name, state in states.items() if state.export is not None}
    waiting = [
        name
        for name, export in exports.items()
        if not export.confirmed and instant(export.begun_at) < surroundings.now - _LATE
    ]
    unused = sorted({*states} - {*destinations})
    found = ", ".join(f"{name} has tags of {count_of(len(state), 'recipient')}" for name, state in states.items())
    if waiting:
        return warning(f"{found}; not confirmed for days: {', '.join(waiting)}")
    if unused:
        return warning(f"{found}; no section of [tags] has {', '.join(unused)}")
    return ok(found or "no tool has tags")


TAG_CHECKS = (tags,)
