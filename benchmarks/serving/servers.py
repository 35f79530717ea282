"""Servers: start each measured server on a free local port, and stop it afterwards."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from benchmarks.serving.home_fixture import HomeFixture
from features.errors import NotFound

_START_TIMEOUT_SECONDS = 120.0
_BIN = Path(sys.executable).parent


@contextmanager
def flywheel_server(home: HomeFixture, **settings: str) -> Iterator[str]:
    """Run ``flywheel serve`` on a home, with its clock at the home's as-of instant; yield the predictions URL."""
    port = free_port()
    command = [str(_BIN / "flywheel"), "serve", "--home", str(home.home.folder), "--port", str(port)]
    environment = {f"FLYWHEEL_{name.upper()}": value for name, value in settings.items()}
    environment["FLYWHEEL_AS_OF"] = home.as_of.isoformat()
    with _running_process(command, environment, f"http://127.0.0.1:{port}/readyz"):
        yield f"http://127.0.0.1:{port}/v1/predictions"


@contextmanager
def uvicorn_server(answer: bytes, scratch: Path) -> Iterator[str]:
    """Run bare uvicorn, which responds with these bytes; yield its URL."""
    port = free_port()
    path = scratch / "answer.json"
    path.write_bytes(answer)
    command = [str(_BIN / "uvicorn"), "benchmarks.serving.uvicorn_baseline:app", "--port", str(port), "--no-access-log"]
    with _running_process(command, {"RESPONSE_FILE": str(path)}, f"http://127.0.0.1:{port}/"):
        yield f"http://127.0.0.1:{port}/v1/predictions"


@contextmanager
def mlflow_server(model: Path) -> Iterator[str]:
    """Run ``mlflow models serve`` on a model folder in this environment; yield its URL."""
    port = free_port()
    arguments = ["models", "serve", "-m", str(model), "--env-manager", "local", "--port", str(port), "--workers", "1"]
    with _running_process([str(_BIN / "mlflow"), *arguments], {}, f"http://127.0.0.1:{port}/ping"):
        yield f"http://127.0.0.1:{port}/invocations"


@contextmanager
def redis_server(scratch: Path) -> Iterator[str]:
    """Run an empty Redis without persistence; yield its address.

    Raises:
        NotFound: redis-server is not installed.
    """
    if shutil.which("redis-server") is None:
        raise NotFound("Found no redis-server. Expected Debian's package: apt-get install redis-server.")
    port = free_port()
    options = ["--save", "", "--appendonly", "no", "--dir", str(scratch)]
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", *options]
    with _running_process(command, {}, ""):
        _wait_for_port(port)
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def _running_process(command: Sequence[str], environment: Mapping[str, str], probe_url: str) -> Iterator[None]:
    process_environment = {
        **os.environ,
        **environment,
        "PATH": f"{_BIN}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    process = subprocess.Popen(
        command, env=process_environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        if probe_url:
            _wait_until_ready(probe_url)
        yield
    finally:
        # MLflow does not stop the server that it started, so the whole process group gets the signal.
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def _wait_until_ready(probe_url: str) -> None:
    began = time.monotonic()
    while time.monotonic() - began < _START_TIMEOUT_SECONDS:
        try:
            with urlopen(probe_url, timeout=1):  # noqa: S310 - our own address
                return
        except HTTPError as error:
            if error.code != 503:
                return
        except (URLError, OSError):
            pass
        time.sleep(0.1)
    raise TimeoutError(f"{probe_url} did not answer within {_START_TIMEOUT_SECONDS:.0f} s.")


def _wait_for_port(port: int) -> None:
    for _ in range(100):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError(f"Found nothing on port {port}. Expected a server there.")


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port
