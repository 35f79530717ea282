"""Servers that live as long as they are measured, each on a free port of this machine."""

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

_START_TIMEOUT_SECONDS = 120.0  # seconds
_BIN = Path(sys.executable).parent


@contextmanager
def flywheel_server(home: HomeFixture, **settings: str) -> Iterator[str]:
    """``flywheel serve`` on a home, its clock at the day as of which features were published; settings by name."""
    port = _free_port()
    command = [str(_BIN / "flywheel"), "serve", "--home", str(home.home.folder), "--port", str(port)]
    environment = {f"FLYWHEEL_{name.upper()}": value for name, value in settings.items()}
    environment["FLYWHEEL_AS_OF"] = home.as_of.isoformat()
    with _running_process(command, environment, f"http://127.0.0.1:{port}/readyz"):
        yield f"http://127.0.0.1:{port}/v1/predictions"


@contextmanager
def uvicorn_server(answer: bytes, scratch: Path) -> Iterator[str]:
    """The limit, answering with these bytes."""
    port = _free_port()
    path = scratch / "answer.json"
    path.write_bytes(answer)
    command = [str(_BIN / "uvicorn"), "benchmarks.serving.uvicorn_baseline:app", "--port", str(port), "--no-access-log"]
    with _running_process(command, {"BARE_ANSWER": str(path)}, f"http://127.0.0.1:{port}/"):
        yield f"http://127.0.0.1:{port}/v1/predictions"


@contextmanager
def mlflow_server(model: Path) -> Iterator[str]:
    """``mlflow models serve`` of a model in MLflow's own format, in this environment."""
    port = _free_port()
    arguments = ["models", "serve", "-m", str(model), "--env-manager", "local", "--port", str(port), "--workers", "1"]
    with _running_process([str(_BIN / "mlflow"), *arguments], {}, f"http://127.0.0.1:{port}/ping"):
        yield f"http://127.0.0.1:{port}/invocations"


@contextmanager
def redis_server(scratch: Path) -> Iterator[str]:
    """A Redis of one's own with nothing in it, that keeps nothing; yields its address.

    Raises:
        NotFound: it is not installed.
    """
    if shutil.which("redis-server") is None:
        raise NotFound("There is no redis-server. Expected Debian's: apt-get install redis-server.")
    port = _free_port()
    kept = ["--save", "", "--appendonly", "no", "--dir", str(scratch)]
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", *kept]
    with _running_process(command, {}, ""):
        _wait_for_port(port)
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def _running_process(command: Sequence[str], environment: Mapping[str, str], probe_url: str) -> Iterator[None]:
    quiet = {
        **os.environ,
        **environment,
        "PATH": f"{_BIN}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    process = subprocess.Popen(
        command, env=quiet, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        if probe_url:
            _wait_until_ready(probe_url)
        yield
    finally:
        # MLflow leaves the server that it started running: the whole group is told.
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def _wait_until_ready(probe_url: str) -> None:
    began = time.monotonic()
    while time.monotonic() - began < _START_TIMEOUT_SECONDS:
        try:
            with urlopen(probe_url, timeout=1):  # noqa: S310 - our own address
                return
        except HTTPError as answered:
            if answered.code != 503:
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
    raise TimeoutError(f"Nothing listens on port {port}.")


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port
