"""Server: the tests run the service as an operator does, with processes, a port, a home on disk and signals."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import httpx
import psutil
import pytest

from features.consents.backends import open_ledger
from features.online.backends import LMDB
from serving.processes.supervisor import WorkersRefused
from serving.server import AddressUnavailable, check_address, run, wait_until_ready
from serving.settings import Settings
from tests.free_ports import free_port
from tests.serving import scored, tiny
from tests.serving.server_process import TLS, start_server
from tests.waiting import wait_until

ODD_IDS = ["007", "a/b", "a%2Fb", "100%", "%00", "客户 1", "a?b#c", "x/predictions"]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    (folder / "serving.py").write_text("raise ImportError('the caller has a folder of that name too')\n")
    tiny.publish(folder, [*ODD_IDS, "ann"])
    tiny.promote(folder, "1")
    return folder


@pytest.fixture(scope="module")
def service(home: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    port = free_port()
    with start_server(home, port, FLYWHEEL_WORKERS="2") as process:
        url = f"http://127.0.0.1:{port}"
        try:
            assert wait_until_ready(url, timeout_seconds=60)
            yield process, url
        finally:
            process.terminate()
        process.communicate(timeout=30)
        assert process.returncode == 0


def process_tree(process: subprocess.Popen[str]) -> list[psutil.Process]:
    supervisor = psutil.Process(process.pid)
    return [supervisor, *supervisor.children(recursive=True)]


def test_the_port_of_the_service_is_the_only_one_that_its_processes_listen_on(
    service: tuple[subprocess.Popen[str], str],
) -> None:
    tree = process_tree(service[0])
    sockets = [connection for process in tree for connection in process.net_connections("inet")]
    assert len(tree) == 3
    assert {connection.laddr.port for connection in sockets if connection.status == psutil.CONN_LISTEN} == {
        int(service[1].rpartition(":")[2])
    }
    assert {connection.type for connection in sockets} == {socket.SOCK_STREAM}


def test_customers_are_answered_from_the_home(service: tuple[subprocess.Popen[str], str]) -> None:
    response = httpx.post(f"{service[1]}/v1/predictions", json={"customer_ids": ["ann", "zoe"]})
    ann, zoe = response.json()["predictions"]
    assert (ann["status"], ann["model_tier"], ann["as_of"]) == (
        "insufficient_history",
        "population",
        "2026-11-21T09:30:00Z",
    )
    assert ann["churn"]["probability"] == pytest.approx(0.5)
    assert zoe["status"] == "unknown_customer"


@pytest.mark.parametrize("customer_id", ODD_IDS)
def test_an_id_survives_the_wire_digit_for_digit(service: tuple[subprocess.Popen[str], str], customer_id: str) -> None:
    response = httpx.get(f"{service[1]}/v1/customers/{quote(customer_id, safe='')}/predictions")
    (row,) = response.json()["predictions"]
    assert row["customer_id"] == customer_id
    assert row["status"] == "insufficient_history"


def test_two_workers_switch_to_the_next_champion_without_a_failed_or_mixed_answer(
    service: tuple[subprocess.Popen[str], str], home: Path
) -> None:
    releases = []
    with httpx.Client(base_url=service[1]) as client:
        for number in range(400):
            if number == 50:
                tiny.promote(home, "2", hazards=(0.9, 0.9))
            row = client.get("/v1/customers/ann/predictions").raise_for_status().json()["predictions"][0]
            releases.append(row["release"])
            churned = 0.5 if row["release"] == "1" else 0.1
            assert row["churn"]["probability"] == pytest.approx(churned)
            assert row["model_versions"]["ltv"] == row["release"]
    assert {*releases[:50]} == {"1"}
    assert releases[-1] == "2"


def test_a_worker_that_reads_scores_never_loads_pandas(service: tuple[subprocess.Popen[str], str], home: Path) -> None:
    scored.write_scores(home, open_ledger(home, LMDB), ["ann"])
    _, *workers = process_tree(service[0])
    for _ in range(20):
        answer = httpx.post(f"{service[1]}/v1/predictions", json={"customer_ids": ["ann"]}, verify=TLS)
        assert answer.json()["predictions"][0]["segment"]["status"] == "scored"
        httpx.post(f"{service[1]}/v1/audiences", json={"purpose": "profiling"}, verify=TLS).raise_for_status()
    files = [file.path for worker in workers for file in worker.memory_maps()]
    assert any("/pyarrow/" in path for path in files)
    assert not any("/pandas/" in path for path in files)


def test_a_corrupt_release_does_not_disturb(service: tuple[subprocess.Popen[str], str], home: Path) -> None:
    tiny.promote(home, "3")
    manifest = home / "releases" / "3" / "release.json"
    manifest.write_text(manifest.read_text().replace("0.5", "0.6"))
    (home / "releases" / "champion").write_text("3")
    with httpx.Client(base_url=service[1]) as client:
        for _ in range(100):
            assert client.get("/v1/customers/ann/predictions").status_code == 200
    tiny.promote(home, "4")


def test_metrics_add_up_over_the_workers(service: tuple[subprocess.Popen[str], str]) -> None:
    page = httpx.get(f"{service[1]}/metrics").text
    route = 'route="/v1/customers/{customer_id:text}/predictions"'
    (count,) = [line for line in page.splitlines() if line.startswith("http_requests_total") and route in line]
    assert float(count.rpartition(" ")[2]) >= 500
    assert "bentoml" not in page


def test_ctrl_c_stops_it_quietly_without_a_reset_and_who_watches_its_readiness_loses_no_request(home: Path) -> None:
    port = free_port()
    answers, resets = [], []
    address = f"http://127.0.0.1:{port}/v1/customers/ann/predictions"

    def ask() -> None:
        """Ask over a connection of its own each time, as campaign systems without a pool do, until it is refused."""
        while True:
            try:
                answers.append(httpx.get(address, verify=TLS).status_code)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                return
            except httpx.TransportError as error:
                resets.append(repr(error))

    with start_server(home, port) as process:
        assert wait_until_ready(f"http://127.0.0.1:{port}")
        with ThreadPoolExecutor(8) as pool, httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
            callers = [pool.submit(ask) for _ in range(8)]
            watched = 0
            while client.get("/readyz").status_code == 200:
                watched += client.get("/v1/customers/ann/predictions").raise_for_status().status_code == 200
                if watched == 20:
                    process.send_signal(signal.SIGINT)
            client.get("/v1/customers/ann/predictions").raise_for_status()
            for caller in callers:
                caller.result()
        out, err = process.communicate(timeout=30)
    events = [json.loads(line)["event"] for line in err.splitlines()]
    assert (process.returncode, out, events) == (0, "", ["release serves"])
    assert watched >= 20
    assert (set(answers), resets) == ({200}, [])


def test_secrets_reach_a_worker_unseen_and_a_killed_supervisor_leaves_no_worker(home: Path) -> None:
    port = free_port()
    secrets = {"FLYWHEEL_API_KEYS": "hush-hush", "FLYWHEEL_ONLINE_STORE": "redis://:hush-hush@127.0.0.1:1/0"}
    with start_server(home, port, **secrets) as process:
        wait_until(lambda: len(process_tree(process)) == 2 and is_alive(port))
        _, worker = process_tree(process)
        assert "hush" not in str([worker.cmdline(), worker.environ(), psutil.Process(process.pid).cmdline()])
        process.kill()
        process.communicate()
        assert psutil.wait_procs([worker], timeout=10)[1] == []
    check_address("127.0.0.1", port)


def is_alive(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/livez", verify=TLS).is_success
    except httpx.TransportError:
        return False


def test_a_home_that_no_worker_takes_ends_the_service_with_the_reason(tmp_path: Path) -> None:
    open_ledger(tmp_path, LMDB).erase("ann")
    (tmp_path / "secret").unlink()
    with pytest.raises(WorkersRefused, match=r"^Found no .*secret"):
        run(Settings(home=tmp_path, port=free_port(), workers=2))


def test_a_port_that_is_taken_is_said_to_be(tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        with pytest.raises(AddressUnavailable, match="expected a free port of an address of this machine"):
            run(Settings(home=tmp_path, port=listener.getsockname()[1]))


def test_a_service_that_is_not_there_is_not_ready() -> None:
    assert not wait_until_ready(f"http://127.0.0.1:{free_port()}", timeout_seconds=0.3)
