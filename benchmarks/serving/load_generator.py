"""Load generator: runs ``wrk`` (Debian's package) with prepared bodies, and reads latency, rate and errors."""

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
local index = 0
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Accept-Encoding"] = #bodies == 0 and "gzip" or nil
function request()
    if #bodies == 0 then return wrk.format("GET") end
    index = index % #bodies + 1
    return wrk.format("POST", nil, nil, bodies[index])
end
local pause = tonumber(os.getenv("PAUSE"))
if pause > 0 then
    function delay() return pause end
end
function done(summary, latency)
    local e = summary.errors
    io.write(string.format(
        '\\nresult {"p50": %f, "p99": %f, "requests": %d, "microseconds": %d, "errors": %d}\\n',
        latency:percentile(50), latency:percentile(99), summary.requests, summary.duration,
        e.connect + e.read + e.write + e.status + e.timeout))
end
"""


@dataclass(frozen=True)
class LoadResult:
    """Latency, rate and errors seen by closed-loop callers, which send again after each response."""

    connections: int
    p50: float  # milliseconds
    p99: float  # milliseconds
    rate: float  # responses a second
    errors: int  # broken connections, responses other than 2xx, and timeouts of two seconds

    def require_answers(self) -> LoadResult:
        """Return the result of a load that was answered.

        Raises:
            RuntimeError: there are errors, which come faster than answers, or no answer at all.
        """
        if self.errors or not self.rate:
            raise RuntimeError(
                f"Found {self.errors:,} errors and {self.rate:,.1f} answers a second; expected no error."
            )
        return self


def run_load(
    url: str, bodies: Sequence[str], connections: int, seconds: float, scratch: Path, *, pause_milliseconds: float = 0
) -> LoadResult:
    """Load a server over ``connections`` connections, each sending one body after the other; a first second is warm-up.

    Every connection waits ``pause_milliseconds`` before its next request. Without bodies, the address is read, as a
    browser reads it.

    Raises:
        NotFound: wrk is not installed.
    """
    if shutil.which("wrk") is None:
        raise NotFound("Found no wrk. Expected Debian's load generator: apt-get install wrk.")
    script_path, bodies_path = scratch / "ask.lua", scratch / "bodies.txt"
    script_path.write_text(_SCRIPT)
    bodies_path.write_text("\n".join(bodies))
    environment = {"BODIES": str(bodies_path), "PAUSE": f"{pause_milliseconds:.0f}"}
    _run_wrk(url, script_path, environment, connections, 1)
    return _run_wrk(url, script_path, environment, connections, seconds)


def _run_wrk(url: str, script: Path, environment: Mapping[str, str], connections: int, seconds: float) -> LoadResult:
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:.0f}s", "--timeout", "2s", "-s", str(script), url]
    process = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    (line,) = (output_line for output_line in process.stdout.splitlines() if output_line.startswith("result "))
    summary = json.loads(line.removeprefix("result "))
    rate = 1e6 * summary["requests"] / summary["microseconds"]
    return LoadResult(connections, summary["p50"] / 1e3, summary["p99"] / 1e3, rate, summary["errors"])
