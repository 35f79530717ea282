"""Warm-up of the page: a new worker compiles and compresses what its first view would otherwise wait for."""

from __future__ import annotations

from threading import Thread

from serving.web.environment import environment
from serving.web.language import Language
from serving.web.static_files import static_files


def start_warm_up() -> Thread:
    """Prepare the files and the templates of Today in a thread, beside the first requests."""
    thread = Thread(target=_warm_up, name="page warm-up", daemon=True)
    thread.start()
    return thread


def _warm_up() -> None:
    static_files()
    for language in Language:
        templates = environment(language)
        for name in templates.list_templates(filter_func=_is_of_first_view):
            templates.get_template(name)


def _is_of_first_view(name: str) -> bool:
    return "/" not in name or name.startswith(("frame/", "today/"))
