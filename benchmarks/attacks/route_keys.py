"""Route x key matrix: every route of the application with every kind of key, against the scopes that routes declare."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx

from benchmarks.attacks.attack_home import AttackHome
from benchmarks.attacks.attack_service import attack_service
from benchmarks.attacks.results import AttackResult
from serving.api.routing import RawRoute
from serving.app import resource_routes
from serving.auth.key_store import KeyStore
from serving.auth.scopes import KeyScope, allows

GROUP = "Keys"
UNAUTHORIZED, FORBIDDEN, TOO_MANY_REQUESTS, SERVER_ERROR = 401, 403, 429, 500


def attack(home: AttackHome) -> Iterator[AttackResult]:
    """Ask every route with no key, a wrong one, a revoked one and one of each scope."""
    with home.copy() as copy, attack_service(copy) as service:
        store, now = KeyStore.for_home(copy.folder), datetime.now(UTC)
        revoked, record = store.create("attack-revoked", [KeyScope.ADMIN], now)
        store.revoke(record.id, now)
        credentials: dict[str, tuple[str | None, set[KeyScope] | None]] = {
            "none": (None, None),
            "wrong": ("fw_00000000_wrong", None),
            "revoked": (revoked, None),
            **{scope.value: (service.keys[scope.value], {scope}) for scope in KeyScope},
        }
        cells = [
            (route, method, key, scopes)
            for route in resource_routes()
            if isinstance(route, RawRoute)
            for method in sorted(route.methods or ())
            for key, scopes in credentials.values()
        ]
        with httpx.Client(base_url=service.url, timeout=30) as client:
            answers = [(cell, _ask(client, *cell[:3])) for cell in cells]
    unexpected = [
        f"{method} {route.path} {'' if scopes is None else '/'.join(scopes)} {status}"
        for (route, method, _, scopes), status in answers
        if not _is_expected(route, scopes, status)
    ]
    yield AttackResult(
        group=GROUP,
        attack="every route x every kind of key",
        tries=len(answers),
        server_errors=sum(status == SERVER_ERROR for _, status in answers),
        lost=len(unexpected),
        note=", ".join(unexpected)
        or f"{len(answers) // len(credentials)} routes with methods, {len(credentials)} keys",
    )


def _ask(client: httpx.Client, route: RawRoute, method: str, key: str | None) -> int:
    path = re.sub(r"\{\w+\}", "nobody", route.path_format)
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    body: dict[str, str] | None = {} if method in {"POST", "PUT"} else None
    return client.request(method, path, headers=headers, json=body).status_code


def _is_expected(route: RawRoute, scopes: set[KeyScope] | None, status: int) -> bool:
    if route.access.public:
        return status != FORBIDDEN
    if scopes is None:
        return status in (UNAUTHORIZED, TOO_MANY_REQUESTS)  # after some wrong keys, an address has to wait
    if not allows(scopes, route.access.scope):
        return status == FORBIDDEN
    return status not in (UNAUTHORIZED, FORBIDDEN)
