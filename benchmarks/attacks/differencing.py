"""Differencing: bisecting on the counts of audiences must not tell the score of a customer who said no."""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from benchmarks.attacks.attack_home import AttackHome
from benchmarks.attacks.attack_service import attack_service, customer_path, denial
from benchmarks.attacks.results import AttackResult

GROUP = "Counts"
VICTIMS, STEPS = 5, 20
_COUNTS = ("count", "excluded_by_consent")


def attack(home: AttackHome) -> Iterator[AttackResult]:
    """Bisect on the churn probability of customers who deny profiling, with an audience key, and compare the counts."""
    learned = tries = errors = 0
    with home.copy() as copy, attack_service(copy) as service:
        with service.client("consent") as client:
            for victim in copy.customers[:VICTIMS]:
                client.put(customer_path(victim, "consents"), json=denial()).raise_for_status()
        with service.client("audience") as client:
            for victim in copy.customers[:VICTIMS]:
                answers = [_counts(client, victim, step / STEPS) for step in range(STEPS + 1)]
                tries += len(answers)
                errors += sum(status == httpx.codes.INTERNAL_SERVER_ERROR for status, _ in answers)
                learned += len({counts for status, counts in answers if status == httpx.codes.OK}) > 1
    yield AttackResult(
        group=GROUP,
        attack=f"churn probability of {VICTIMS} customers who said no, by {STEPS + 1} thresholds each",
        tries=tries,
        server_errors=errors,
        lost=learned,
        note=f"the counts moved with the threshold for {learned} of {VICTIMS}",
    )


def _counts(client: httpx.Client, customer_id: str, threshold: float) -> tuple[int, tuple[object, ...]]:
    conditions = [
        {"column": "customer_id", "equals": customer_id},
        {"column": "churn_probability", "at_least": threshold},
    ]
    response = client.post("/v1/audiences", json={"keep": False, "filter": {"all": conditions}})
    return response.status_code, tuple(response.json().get(name) for name in _COUNTS)
