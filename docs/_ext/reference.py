"""Sphinx extension: replaces a line ``% generated: NAME`` in a page with a reference made from the code."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError

from docs._ext.command_line import command_line
from docs._ext.configuration import configuration
from docs._ext.environment import environment
from docs._ext.http_api import http_api
from docs._ext.plausibility import plausibility
from docs._ext.tables import features, scores_table

GENERATORS: Mapping[str, Callable[[], str]] = {
    "cli": command_line,
    "configuration": configuration,
    "environment": environment,
    "features": features,
    "http": http_api,
    "plausibility": plausibility,
    "scores-table": scores_table,
}
_MARKER = re.compile(r"^% generated: (?P<name>.*)$", re.MULTILINE)


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the generators to Sphinx."""
    app.connect("source-read", _fill_markers)
    app.connect("env-get-outdated", _outdated_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _fill_markers(_app: Sphinx, docname: str, source: list[str]) -> None:
    source[0] = _MARKER.sub(lambda marker: _generate(marker["name"], docname), source[0])


def _generate(name: str, docname: str) -> str:
    if name not in GENERATORS:
        raise ExtensionError(f"{docname}: found 'generated: {name}'; expected one of {', '.join(GENERATORS)}")
    return GENERATORS[name]()


def _outdated_pages(
    _app: Sphinx, env: BuildEnvironment, _added: set[str], _changed: set[str], _removed: set[str]
) -> list[str]:
    """Generated pages are read at every build, because the code may have changed."""
    return [name for name in env.found_docs if _MARKER.search(Path(env.doc2path(name)).read_text(encoding="utf-8"))]
