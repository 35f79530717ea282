"""Differencing: bisecting on the counts of audiences must not tell the score of a customer who said no."""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from benchmarks.attacks.attack_home import AttackHome
from benchmarks.attacks.attack_service import attack_service, customer_path, denial
from benchmarks.attacks.results import AttackResult

GROUP = "Counts"
VICTIMS, STEPS = 5, 20
KEYS = ("audience", "admin")  # the second is shown audiences of any size


def attack(home: AttackHome) -> Iterator[AttackResult]:
    """Bisect on the churn probability of customers who deny profiling, with each key, and compare the whole answers."""
    learned = tries = errors = 0
    with home.copy() as copy, attack_service(copy) as service:
        victims = copy.customers[:VICTIMS]
        with service.client("consent") as client:
            for victim in victims:
                client.put(customer_path(victim, "consents"), json=denial()).raise_for_status()
        for key in KEYS:
            with service.client(key) as client:
                for victim in victims:
                    answers = [_ask(client, victim, step / STEPS) for step in range(STEPS + 1)]
                    tries += len(answers)
                    errors += sum(status == httpx.codes.INTERNAL_SERVER_ERROR for status, _ in answers)
                    learned += len({body for status, body in answers if status == httpx.codes.OK}) > 1
    yield AttackResult(
        group=GROUP,
        attack=f"churn probability of {VICTIMS} customers who said no, by {STEPS + 1} thresholds and {len(KEYS)} keys",
        tries=tries,
        server_errors=errors,
        lost=learned,
        note=f"the answers moved with the threshold for {learned} of {VICTIMS * len(KEYS)}",
    )


def _ask(client: httpx.Client, customer_id: str, threshold: float) -> tuple[int, bytes]:
    conditions = [
        {"column": "customer_id", "equals": customer_id},
        {"column": "churn_probability", "at_least": threshold},
    ]
    response = client.post("/v1/audiences", json={"keep": False, "filter": {"all": conditions}})
    return response.status_code, response.content
