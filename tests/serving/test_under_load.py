"""Hot reload and worker crashes under load: every request gets a complete answer from one release."""

from __future__ import annotations

import shutil
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
import pytest

from tests.free_ports import free_port
from tests.serving import tiny
from tests.serving.server_process import start_server

pytestmark = pytest.mark.slow

CUSTOMERS = [f"{customer:04d}" for customer in range(50)]
CALLERS = 6
PROMOTIONS = 20


def hazard(version: str) -> float:
    """The probability of an order within 90 days that the release of this version predicts for each customer."""
    return 0.02 * int(version)


@dataclass
class LoadCallers:
    """Load callers: clients that send requests without a pause, and the faults of the answers."""

    url: str
    stopped: threading.Event = field(default_factory=threading.Event)
    statuses: Counter[int] = field(default_factory=Counter)
    transport_errors: list[str] = field(default_factory=list)
    mixed_releases: list[str] = field(default_factory=list)
    releases: Counter[str] = field(default_factory=Counter)

    def run(self, number: int) -> None:
        """Send requests until the callers are stopped; every third caller requests all customers at once."""
        with httpx.Client(base_url=self.url, timeout=10) as client:
            while not self.stopped.is_set():
                try:
                    self._check(self._request(client, number))
                except httpx.TransportError as error:
                    self.transport_errors.append(repr(error))

    def _request(self, client: httpx.Client, number: int) -> httpx.Response:
        if number % 3 == 0:
            return client.post("/v1/predictions", json={"customer_ids": CUSTOMERS})
        return client.get(f"/v1/customers/{CUSTOMERS[number]}/predictions")

    def _check(self, response: httpx.Response) -> None:
        self.statuses[response.status_code] += 1
        if response.status_code != 200:
            return
        rows = response.json()["predictions"]
        answers = {
            (row["release"], *row["model_versions"].values(), f"{row['churn']['probability']:.6f}") for row in rows
        }
        release = rows[0]["release"]
        self.releases[release] += 1
        if answers != {(release, release, release, release, f"{1 - hazard(release):.6f}")}:
            self.mixed_releases.append(str(answers))


@contextmanager
def running_callers(url: str) -> Iterator[LoadCallers]:
    callers = LoadCallers(url)
    with ThreadPoolExecutor(CALLERS) as pool:
        futures = [pool.submit(callers.run, number) for number in range(CALLERS)]
        try:
            yield callers
        finally:
            callers.stopped.set()
    for future in futures:
        future.result()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    tiny.publish(tmp_path, CUSTOMERS)
    tiny.promote(tmp_path, "1", (hazard("1"),) * 2)
    return tmp_path


@pytest.fixture
def service(home: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    port = free_port()
    with start_server(home, port, FLYWHEEL_WORKERS="2") as process:
        try:
            wait_for_both_workers(process)
            yield process, f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.communicate(timeout=30)


def wait_for_both_workers(process: subprocess.Popen[str]) -> None:
    """Wait until each worker has said that it serves; one that is ready says nothing of the other."""
    assert process.stderr is not None
    for _ in range(2):
        assert "release serves" in process.stderr.readline()


def promote_broken_release(home: Path, version: str, defect: int) -> None:
    """Make a release with one of five defects the champion; it must never answer."""
    folder, valid = home / "releases" / version, home / "releases" / "1"
    if defect == 0:
        tiny.promote(home, version, (float("nan"),) * 2)
        return
    if defect > 1:
        shutil.copytree(valid, folder)
        manifest = folder / "release.json"
        text = manifest.read_text()
        manifest.write_text({2: text.replace("0.02", "0.03"), 3: text[:99]}.get(defect, text))
        if defect == 4:
            (folder / "SHA256SUMS").unlink()
    (home / "releases" / "champion").write_text(version)


def wait_for_release(callers: LoadCallers, release: str) -> None:
    """Wait until only this release answers; each worker first polls the champion pointer."""
    started_at = time.monotonic()
    while time.monotonic() - started_at < 20:
        callers.releases.clear()
        time.sleep(0.2)
        if set(callers.releases) == {release}:
            return
    raise TimeoutError(f"after 20 s {callers.releases}, not {release} alone")


def test_twenty_promotions_and_five_bad_releases_cost_nobody_an_answer(
    service: tuple[subprocess.Popen[str], str], home: Path
) -> None:
    with running_callers(service[1]) as callers:
        for number in range(2, PROMOTIONS + 2):
            tiny.promote(home, str(number), (hazard(str(number)),) * 2)
            wait_for_release(callers, str(number))
            if number % 4 == 0:
                promote_broken_release(home, str(100 + number), defect=number // 4 - 1)
                time.sleep(0.3)
                wait_for_release(callers, str(number))
    assert set(callers.statuses) == {200}
    assert callers.statuses[200] > 40 * PROMOTIONS
    assert (callers.transport_errors, callers.mixed_releases) == ([], [])
    page = httpx.get(f"{service[1]}/metrics").text
    (failures,) = [line for line in page.splitlines() if line.startswith("model_load_failures_total")]
    # Each of the two workers rejects each broken release, and tries it again after a while.
    assert float(failures.split()[1]) >= 2 * 5


def test_while_a_worker_is_killed_the_other_answers_and_another_takes_its_place(
    service: tuple[subprocess.Popen[str], str],
) -> None:
    def workers() -> set[int]:
        pids = set()
        for process in psutil.Process(service[0].pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):  # ended between the listing and the call
                if any("worker" in argument for argument in process.cmdline()):
                    pids.add(process.pid)
        return pids

    before = workers()
    assert len(before) == 2
    with running_callers(service[1]) as callers:
        time.sleep(0.5)
        psutil.Process(min(before)).send_signal(signal.SIGKILL)
        killed_at, answered_before = time.monotonic(), callers.statuses[200]
        time.sleep(1)
        assert callers.statuses[200] > answered_before + 20
        while len(workers()) < 2 or min(before) in workers():
            assert time.monotonic() - killed_at < 20
            time.sleep(0.1)
    assert set(callers.statuses) == {200}
    # Only requests that the killed worker was answering fail.
    assert len(callers.transport_errors) <= CALLERS
    assert callers.mixed_releases == []
