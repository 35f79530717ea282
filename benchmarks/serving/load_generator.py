"""Callers by the dozen: ``wrk`` (Debian's package), told which bodies to send, says how long the answers took."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from features.errors import NotFound

_SCRIPT = """
local bodies = {}
for line in io.lines(os.getenv("BODIES")) do bodies[#bodies + 1] = line end
local at = 0
wrk.headers["Content-Type"] = "application/json"
function request()
    at = at % #bodies + 1
    return wrk.format("POST", nil, nil, bodies[at])
end
local pause = tonumber(os.getenv("PAUSE"))
if pause > 0 then
    function delay() return pause end
end
function done(summary, latency)
    local e = summary.errors
    io.write(string.format(
        '\\nfound {"p50": %f, "p99": %f, "requests": %d, "microseconds": %d, "errors": %d}\\n',
        latency:percentile(50), latency:percentile(99), summary.requests, summary.duration,
        e.connect + e.read + e.write + e.status + e.timeout))
end
"""


@dataclass(frozen=True)
class LoadResult:
    """What callers saw who asked again as soon as they were answered."""

    connections: int
    p50: float  # milliseconds
    p99: float  # milliseconds
    rate: float  # answers a second
    errors: int  # connections broken, answers other than 2xx, and none within two seconds


def run_load(
    url: str, bodies: Sequence[str], connections: int, seconds: float, scratch: Path, *, pause_milliseconds: float = 0
) -> LoadResult:
    """So many connections at once, each asking for one body after the other; the first second is not counted.

    Every connection waits ``pause_milliseconds`` milliseconds before it asks again.

    Raises:
        NotFound: wrk is not installed.
    """
    if shutil.which("wrk") is None:
        raise NotFound("There is no wrk. Expected Debian's load generator: apt-get install wrk.")
    script, lines = scratch / "ask.lua", scratch / "bodies.txt"
    script.write_text(_SCRIPT)
    lines.write_text("\n".join(bodies))
    environment = {"BODIES": str(lines), "PAUSE": f"{pause_milliseconds:.0f}"}
    _run_wrk(url, script, environment, connections, 1)
    return _run_wrk(url, script, environment, connections, seconds)


def _run_wrk(url: str, script: Path, environment: Mapping[str, str], connections: int, seconds: float) -> LoadResult:
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:.0f}s", "--timeout", "2s", "-s", str(script), url]
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    (line,) = (one for one in said.stdout.splitlines() if one.startswith("found "))
    found = json.loads(line.removeprefix("found "))
    rate = 1e6 * found["requests"] / found["microseconds"]
    return LoadResult(connections, found["p50"] / 1e3, found["p99"] / 1e3, rate, found["errors"])
