"""Long-running commands: ``flywheel serve`` and ``flywheel ui`` as an operator runs them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page

from serving.server import wait_until_ready
from tests.free_ports import free_port
from tests.pipelines import shops
from tests.pipelines.command import Flywheel
from tests.pipelines.conftest import AS_OF
from tests.waiting import wait_until

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]


def is_listening(port: int) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def run_cli(folder: Path, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Run the installed command line, and stop it with SIGTERM."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FLYWHEEL_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "pipelines.cli.main", *map(str, arguments)],
        cwd=folder, env={**environment, "PYTHONPATH": str(ROOT)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=30)


def test_the_service_answers_campaign_systems(trained_shop: Flywheel) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    row = trained_shop.scores.slice(0, 1).to_pylist()[0]
    with run_cli(trained_shop.folder, "serve", "--port", port, "--as-of", shops.day(AS_OF)):
        assert wait_until_ready(url, 60)
        batch = httpx.post(f"{url}/v1/predictions", json={"customer_ids": [row["customer_id"], "nobody"]}).json()
        single = httpx.get(f"{url}/v1/customers/{row['customer_id']}/predictions").json()
        assert httpx.get(f"{url}/docs").status_code == 200
    prediction, stranger = batch["predictions"]
    assert prediction["churn"]["probability"] == row["churn_probability"]
    assert stranger["status"] == "unknown_customer"
    assert single["predictions"][0]["next_purchase"] == prediction["next_purchase"]


def test_a_service_on_an_address_for_strangers_needs_keys(trained_shop: Flywheel) -> None:
    result = trained_shop("serve", "--host", "0.0.0.0")  # noqa: S104 -- to be refused
    assert result.status == 1
    assert "no API keys" in result.err


def test_a_reviewer_gets_from_the_first_page_to_the_page_of_a_release(trained_shop: Flywheel, page: Page) -> None:
    port = free_port()
    with run_cli(trained_shop.folder, "ui", "--port", port):
        wait_until(lambda: is_listening(port))
        page.goto(f"http://127.0.0.1:{port}/")
        page.wait_for_url("**/#/models/release")
        page.get_by_role("link", name="Version 1").click()
        page.get_by_text("Each question").wait_for()
        figures = page.locator(".note-editor-preview-content img")
        page.wait_for_function(
            "[...document.querySelectorAll('.note-editor-preview-content img')].every(i => i.complete)"
        )
        widths = figures.evaluate_all("images => images.map(image => image.naturalWidth)")
        assert len(widths) >= 2
        assert min(widths) > 0
        assert not page.get_by_text("Promote model").is_visible()
