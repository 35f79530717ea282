"""Slider load: people who move the sliders of the builder, each over a connection of its own, in a process of its own.

``python -m benchmarks.web.slider_load HOST:PORT PEOPLE SECONDS`` prints the milliseconds of each update as JSON. A
person moves a slider for two seconds, in which the page asks every 250 ms unless the answer takes longer, and reads for
two seconds.
"""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from urllib.parse import urlencode

DRAG_SECONDS, PAUSE_SECONDS, EVERY_SECONDS = 2.0, 2.0, 0.25
_UPDATE = {"HX-Request": "true", "Accept-Encoding": "gzip"}
BUILDER = "/app/audiences/new"


def start_people(address: str, people: int, seconds: float) -> subprocess.Popen[bytes]:
    """Start the people in a process of its own; ``milliseconds_of`` waits for it."""
    command = [sys.executable, "-m", "benchmarks.web.slider_load", address, str(people), str(seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE)  # noqa: S603 - a module of this project


def milliseconds_of(people: subprocess.Popen[bytes]) -> list[float]:
    """Return the time of each update, in milliseconds, after the people have ended."""
    output, _ = people.communicate()
    milliseconds: list[float] = json.loads(output)
    return milliseconds


def update(connection: HTTPConnection, value_column: str, chance: float, value: int, holdout: str = "") -> float:
    """Ask for the update of one position of the sliders; return its milliseconds."""
    query = {"min:churn_probability": f"{chance:.2f}", f"min:{value_column}": str(value), "holdout": "10"}
    query |= {"holdout_name": holdout} if holdout else {}
    milliseconds, _ = read_page(connection, f"{BUILDER}?{urlencode(query)}", **_UPDATE)
    return milliseconds


def read_page(connection: HTTPConnection, path: str, **headers: str) -> tuple[float, bytes]:
    """Return the milliseconds until a page is read, and its bytes.

    Raises:
        RuntimeError: it has another status than 200.
    """
    started_at = time.perf_counter()
    connection.request("GET", path, headers={"Accept": "text/html", **headers})
    response = connection.getresponse()
    body = response.read()
    if response.status != 200:
        raise RuntimeError(f"Found the status {response.status} of {path}; expected 200.")
    return 1000 * (time.perf_counter() - started_at), body


def value_column(page: bytes) -> str:
    """Return the column of the value slider of the builder.

    Raises:
        LookupError: the page has no such slider.
    """
    match = re.search(rb'name="min:((?:ltv|expected_orders)_\w+)"', page)
    if match is None:
        raise LookupError("Found a builder without a slider of value; expected a home with scores of spend or orders.")
    return match[1].decode()


def _move(address: str, seconds: float, seed: int) -> list[float]:
    rng, connection, times = random.Random(seed), HTTPConnection(address, timeout=60), list[float]()  # noqa: S311
    column = value_column(read_page(connection, BUILDER)[1])
    ends_at = time.monotonic() + seconds
    time.sleep(rng.uniform(0, DRAG_SECONDS + PAUSE_SECONDS))
    while time.monotonic() < ends_at:
        stops_at = min(time.monotonic() + DRAG_SECONDS, ends_at)
        while time.monotonic() < stops_at:
            milliseconds = update(connection, column, rng.uniform(0, 0.9), rng.randrange(1, 100))
            times.append(milliseconds)
            time.sleep(max(0.0, EVERY_SECONDS - milliseconds / 1000))
        time.sleep(PAUSE_SECONDS)
    return times


def main(arguments: Sequence[str]) -> None:
    """Let the people move their sliders, and print the times."""
    address, people, seconds = arguments[0], int(arguments[1]), float(arguments[2])
    with ThreadPoolExecutor(people) as pool:
        times = list(pool.map(lambda seed: _move(address, seconds, seed), range(people)))
    print(json.dumps([one for person in times for one in person]))  # noqa: T201 - read by the benchmark


if __name__ == "__main__":
    main(sys.argv[1:])
