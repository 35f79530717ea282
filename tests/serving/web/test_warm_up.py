"""Warm-up of the page: a first view compiles no template and compresses no file."""

from __future__ import annotations

import pytest

from serving.web.environment import environment
from serving.web.language import Language
from serving.web.static_files import static_files
from serving.web.warm_up import start_warm_up


def test_a_new_worker_prepares_the_first_view_in_both_languages() -> None:
    environment.cache_clear()
    static_files.cache_clear()
    start_warm_up().join(30)
    assert static_files.cache_info().currsize == 1
    for language in Language:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(environment(language), "compile", None)
            for name in ("base.html", "macros.html", "today/index.html", "today/_growth.html"):
                environment(language).get_template(name)
