"""Damaged files: random flips and cuts of both LMDB files, each read by a process of its own, and torn audiences."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.attacks.attack_home import NOW, AttackHome
from benchmarks.attacks.attack_service import attack_service
from benchmarks.attacks.results import AttackResult
from features.consents.backends import open_ledger
from features.consents.consent import MARKETING, PROFILING, Consent, ReachRequest
from features.consents.ledger import ConsentStatus
from features.errors import StoreUnavailable
from features.online.backends import LMDB
from features.online.lmdb import LmdbReader
from training.models import load_release

GROUP = "Damage"
TRIES = 100  # of each kind, for each file
_FLIPPED_BYTES = 64

Change = Callable[[bytearray, random.Random], bytearray]


def attack(home: AttackHome) -> Iterator[AttackResult]:
    """Damage the online store and the consents, and read them; then tear audiences under a service."""
    with home.copy() as copy:
        ledger = open_ledger(copy.folder, LMDB)
        ledger.record({name: [Consent(PROFILING, "*", i % 3 > 0, 5)] for i, name in enumerate(copy.customers)})
        ledger.record({name: [Consent(MARKETING, "email", i % 2 > 0, 5)] for i, name in enumerate(copy.customers)})
        for customer_id in copy.customers[::9]:
            ledger.erase(customer_id)
        del ledger
        for folder, read in (("online", _read_online), ("consents", read_consents)):
            for name, change in CHANGES.items():
                yield damage(copy, folder, name, change, read)
    yield _torn_audiences(home)


def damage(
    home: AttackHome, folder: str, name: str, change: Change, read: Callable[[AttackHome], list[Any]]
) -> AttackResult:
    """Change a file at random places, and compare what ``read`` returns with what it returns from the whole file."""
    path, generator = home.folder / folder / "data.mdb", random.Random(name)  # noqa: S311 - the same places every time
    whole = path.read_bytes()
    _, right = _in_a_process(lambda: read(home))
    signals = wrong = 0
    for _ in range(TRIES):
        _replace(path, bytes(change(bytearray(whole), generator)))
        signal_number, answers = _in_a_process(lambda: read(home))
        signals += signal_number != 0
        wrong += signal_number == 0 and not is_right_or_strict(answers, right)
    _replace(path, whole)
    return AttackResult(
        group=GROUP,
        attack=f"{folder}/data.mdb: {name}",
        tries=TRIES,
        server_errors=signals,
        silently_wrong=wrong,
        note="ended by a signal counts as a server error" if signals else "",
    )


def _flip_bytes(content: bytearray, generator: random.Random) -> bytearray:
    start = generator.randrange(len(content) - _FLIPPED_BYTES)
    content[start : start + _FLIPPED_BYTES] = generator.randbytes(_FLIPPED_BYTES)
    return content


def _flip_bit(content: bytearray, generator: random.Random) -> bytearray:
    content[generator.randrange(len(content))] ^= 1 << generator.randrange(8)
    return content


def _cut(content: bytearray, generator: random.Random) -> bytearray:
    return content[: generator.randrange(len(content))]


CHANGES: dict[str, Change] = {"64 random bytes": _flip_bytes, "one bit": _flip_bit, "cut anywhere": _cut}


def _replace(path: Path, content: bytes) -> None:
    path.unlink()
    path.write_bytes(content)


def _read_online(home: AttackHome) -> list[Any]:
    """Every feature of every customer; None for one that is said to be damaged, an empty list if all are."""
    release = load_release(next(path for path in (home.folder / "releases").iterdir() if path.is_dir()))
    try:
        rows = LmdbReader.open(home.folder / "online", release.views).read(home.customers)
    except StoreUnavailable:
        return []
    damaged = np.zeros(len(rows), bool) if rows.damaged is None else rows.damaged
    return [
        None if is_damaged else [known, np.nan_to_num(features, nan=-1.0).tolist()]
        for is_damaged, known, features in zip(damaged.tolist(), rows.known.tolist(), rows.matrix, strict=True)
    ]


def read_consents(home: AttackHome) -> list[Any]:
    """Status and reach of every customer; None for one who counts as a no, an empty list if nobody can be read."""
    try:
        ledger = open_ledger(home.folder, LMDB)
        found = ledger.statuses(home.customers, NOW)
        reached = ledger.can_reach(home.customers, ReachRequest(MARKETING, "email"), NOW)
    except StoreUnavailable:
        return []
    pairs = zip(found, reached, strict=True)
    return [None if status is ConsentStatus.DENIED and not reach else [int(status), reach] for status, reach in pairs]


def is_right_or_strict(answers: Sequence[Any], right: Sequence[Any]) -> bool:
    """Whether each answer is the right one, or None; an empty list answers nothing."""
    if not answers:
        return True
    return all(answer is None or answer == expected for answer, expected in zip(answers, right, strict=True))


def _in_a_process(read: Callable[[], list[Any]]) -> tuple[int, list[Any]]:
    """Read in a fork of this process; returns the signal that ended it, or its error as -1, and what it read."""
    receiver, sender = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with os.fdopen(sender, "w") as pipe:
                json.dump(read(), pipe)
            os._exit(0)
        finally:
            os._exit(1)
    os.close(sender)
    with os.fdopen(receiver) as pipe:
        text = pipe.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return (status, []) if status else (0, json.loads(text))


def _torn_audiences(home: AttackHome) -> AttackResult:
    """Cut, empty and remove the files of kept audiences; then read, create and erase."""
    responses = []
    with home.copy() as copy, attack_service(copy) as service, service.client() as client:
        for tear in (lambda path: os.truncate(path, 1), lambda path: path.write_bytes(b""), Path.unlink):
            created = client.post("/v1/audiences", json={})
            responses.append(created)
            for path in sorted((copy.folder / "audiences").glob("*/*")):
                tear(path)
            audience = created.json().get("audience_id")
            responses += [client.get(f"/v1/audiences/{audience}/members"), client.post("/v1/audiences", json={})]
        responses += [client.delete(f"/v1/customers/{customer_id}") for customer_id in copy.customers[:3]]
        erased = [client.post("/v1/predictions", json={"customer_ids": list(copy.customers[:3])})]
        found = {row["status"] for row in erased[0].json()["predictions"]}
    return AttackResult(
        group=GROUP,
        attack="audiences cut, emptied and removed, then read, created and erased from",
        tries=len(responses),
        server_errors=sum(response.status_code >= 500 for response in responses),
        silently_wrong=len(found - {"unknown_customer"}),
    )
