"""Hostile requests: schemathesis generates requests from the OpenAPI document and checks every response."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.attacks.attack_home import AttackHome
from benchmarks.attacks.attack_service import attack_service
from benchmarks.attacks.results import AttackResult

GROUP = "Requests"
SECONDS = 120
_SERVER_ERROR = "not_a_server_error"


def attack(home: AttackHome) -> Iterator[AttackResult]:
    """Let schemathesis try all routes with all checks, as an administrator."""
    with home.copy() as copy, attack_service(copy) as service, TemporaryDirectory() as scratch:
        report = Path(scratch) / "report.ndjson"
        command = [str(Path(sys.executable).with_name("schemathesis")), "run", f"{service.url}/openapi.json"]
        options = ["--checks", "all", "--continue-on-failure", "--max-time", str(SECONDS), "--no-color", "--no-shrink"]
        reporting = ["--report", "ndjson", "--report-ndjson-path", str(report), "--generation-database", "none"]
        header = ["-H", f"Authorization: Bearer {service.keys['admin']}"]
        subprocess.run(
            [*command, *options, *reporting, *header],
            cwd=scratch,
            timeout=2 * SECONDS + 60,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        requests, failures = count_failures(report)
    contract = {name: count for name, count in sorted(failures.items()) if name != _SERVER_ERROR}
    yield AttackResult(
        group=GROUP,
        attack="schemathesis, all routes, all checks",
        tries=requests,
        server_errors=failures[_SERVER_ERROR],
        note=", ".join(f"{name}: {count}" for name, count in contract.items()) or "no deviation from OpenAPI",
    )


def count_failures(report: Path) -> tuple[int, Counter[str]]:
    """The number of requests in a report of schemathesis, and of failed checks by name; 429 and 503 are no failures."""
    requests, failures = 0, Counter[str]()
    for line in report.read_text(encoding="utf-8").splitlines():
        recorder = json.loads(line).get("ScenarioFinished", {}).get("recorder", {})
        interactions = recorder.get("interactions", {})
        requests += len(interactions)
        for case, checks in recorder.get("checks", {}).items():
            status = ((interactions.get(case) or {}).get("response") or {}).get("status_code")
            failures.update(
                check["name"] for check in checks if check["status"] == "failure" and status not in (429, 503)
            )
    return requests, failures
