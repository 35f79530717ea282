"""Screenshots of the documentation: ``SCREENSHOTS=docs/screenshots python -m pytest`` with this file takes them."""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.web.browser.sections import KNOWN
from tests.web.browser.visits import PHONE, OpenVisit

FOLDER = os.environ.get("SCREENSHOTS")
MAX_BYTES, COLOURS = 150_000, 128
ENGLISH, CHINESE = {"locale": "en-GB"}, {"locale": "zh-CN"}
VIEWS: dict[str, tuple[str, dict[str, Any]]] = {
    "today": ("/app/", ENGLISH),
    "audience-zh": ("/app/audiences/new?min:churn_probability=0.5&channel=email&holdout=10&name=十月挽回", CHINESE),
    "customer-phone-zh": (f"/app/customers/{KNOWN}", {**CHINESE, "viewport": PHONE, "color_scheme": "dark"}),
    "calendar": ("/app/calendar", {**ENGLISH, "color_scheme": "dark"}),
    "campaign": ("/app/campaigns/win-back", ENGLISH),
    "quality-zh": ("/app/quality", CHINESE),
}

pytestmark = [pytest.mark.slow, pytest.mark.skipif(FOLDER is None, reason="SCREENSHOTS names no folder")]


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_is_drawn_for_the_documentation(visit: OpenVisit, name: str) -> None:
    path, options = VIEWS[name]
    page = visit(**options)
    page.goto(path, wait_until="networkidle")
    file = Path(str(FOLDER)) / f"{name}.png"
    drawn = Image.open(BytesIO(page.screenshot(animations="disabled")))
    drawn.convert("RGB").quantize(COLOURS).save(file, optimize=True)
    assert file.stat().st_size < MAX_BYTES
