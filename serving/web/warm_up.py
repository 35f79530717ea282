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


def compile_templates(section: str) -> None:
    """Compile the templates of a section such as ``today/``, and those of the frame, in every language."""
    for language in Language:
        templates = environment(language)
        for name in templates.list_templates(
            filter_func=lambda name: "/" not in name or name.startswith(("frame/", section))
        ):
            templates.get_template(name)


def _warm_up() -> None:
    static_files()
    compile_templates("today/")
