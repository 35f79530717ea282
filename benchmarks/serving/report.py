"""The figures as a section of the page, each bar beside what was found."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from benchmarks.reporting.markdown import table, yes
from benchmarks.serving.batch_scaling import Scale
from benchmarks.serving.load_generator import Load
from benchmarks.serving.online_stores import Store
from pipelines.registration.fingerprint import git_commit

TITLE = "Serving"
SOAK = "Half an hour at half load"


@dataclass(frozen=True)
class Server:
    """What one server's callers saw."""

    name: str
    one: Sequence[Load]  # a customer in each call, by the number of connections
    thousand: Load | None  # a thousand customers in each call, one connection


@dataclass(frozen=True, kw_only=True)
class Found:
    """Everything measured in one run."""

    servers: Sequence[Server]  # ours, ours with its access log, the limit, and MLflow's
    stores: Sequence[Store]
    stored: int  # customers in them
    scales: Sequence[Scale]


def page(found: Found) -> str:
    """The whole section."""
    how = (
        f"Measured {datetime.now(UTC):%Y-%m-%d} at commit `{git_commit()[:12]}` on {os.cpu_count()} cores by `make "
        "bench-serving`, servers and callers on the same machine. Complete Journey's champion, all three answers and "
        "the categories, one worker; `wrk` asks again as soon as it is answered. Bare uvicorn runs on uvloop and "
        "httptools, checks the same request with pydantic and sends the same bytes, made before."
    )
    parts = [how, _bars(found), _loads(found.servers), _stores(found), _scales(found.scales)]
    return f"## {TITLE}\n\n" + "\n\n".join(parts)


def _bars(found: Found) -> str:
    ours, _, bare, theirs = found.servers
    (one, *_, most), (limit, *_, limits) = ours.one, bare.one
    by_name = {store.name: store for store in found.stores}
    lmdb, sqlite, redis = by_name["packed, LMDB"], by_name["Feast, SQLite"], by_name["Feast, Redis"]
    many = ours.thousand.p50 if ours.thousand else float("nan")
    largest = found.scales[-1]
    rows = [
        _bar("one customer, 1 connection: p50 over bare uvicorn's", one.p50 / limit.p50, most=2.5),
        _bar("the same, p99", one.p99 / limit.p99, most=4),
        _bar("the same, times faster than `mlflow models serve`", theirs.one[0].p50 / one.p50, least=10),
        _bar(f"{most.connections} connections: errors", most.errors, most=0),
        _bar("the same, p99, ms", most.p99, most=2000),
        _bar("the same, throughput over bare uvicorn's", most.rate / limits.rate, least=0.4),
        _bar("1,000 customers in one call, ms", many, most=200),
        _bar("the same over Feast's Redis read alone", many / 1e3 / redis.read_thousand, most=0.5),
        _bar("materialize, times faster than Feast into SQLite", sqlite.materialize / lmdb.materialize, least=80),
        _bar("the same, its bytes over SQLite's", lmdb.bytes_each / sqlite.bytes_each, most=0.1),
        _bar("read 1,000, times faster than from SQLite", sqlite.read_thousand / lmdb.read_thousand, least=100),
        _bar(f"score {largest.customers:,}: customers a second and core", largest.each_core, least=6000),
        _bar("the same, memory of all processes, GiB", largest.score_memory, most=2),
    ]
    return table(("what", "found", "bar", "met"), rows)


def _bar(what: str, found: float, *, most: float | None = None, least: float | None = None) -> tuple[str, ...]:
    bar = f"at most {most:,g}" if most is not None else f"at least {least:,g}"
    met = found <= most if most is not None else least is not None and found >= least
    return what, f"{found:,.3g}" if found < 1000 else f"{found:,.0f}", bar, yes(met)


def _loads(found: Sequence[Server]) -> str:
    rows = []
    for server in found:
        rows += [(server.name, *_load(one)) for one in server.one]
        if server.thousand is not None:
            rows.append((f"{server.name}, 1,000 customers a call", *_load(server.thousand)))
    return table(("server", "connections", "p50, ms", "p99, ms", "calls a second", "errors"), rows)


def _load(one: Load) -> tuple[str, ...]:
    return str(one.connections), f"{one.p50:.3f}", f"{one.p99:.2f}", f"{one.rate:,.0f}", str(one.errors)


def _stores(found: Found) -> str:
    rows = [
        (
            one.name, f"{one.materialize:.2f}", f"{one.bytes_each:,.0f}", f"{1e3 * one.read_thousand:.2f}",
            f"{1e6 * one.read_one:.0f}",
        )
        for one in found.stores
    ]  # fmt: skip
    head = ("store", "materialize, s", "bytes a customer", "read 1,000, ms", "read one, µs")
    shape = f"{found.stored:,} customers, 40 features in three views, three of them lists of twelve."
    return f"{shape}\n\n{table(head, rows)}"


def _scales(found: Sequence[Scale]) -> str:
    rows = [
        (
            f"{one.customers:,}", f"{one.features:.1f}", f"{one.publish:.1f}", f"{one.publish_memory:.2f}",
            f"{one.bytes_each:,.0f}", f"{one.score:.1f}", f"{one.each_core:,.0f}", f"{one.score_memory:.2f}",
        )
        for one in found
    ]  # fmt: skip
    head = (
        "customers", "`publish` at first, s", "`publish` again, s", "memory, GiB", "bytes a customer", "`score`, s",
        "customers a second and core", "memory, GiB",
    )  # fmt: skip
    how = (
        "A made-up shop, scored by trees. Seconds are of whole commands; the first `publish` computes features at all "
        "cutoffs. Memory is that of all their processes at once."
    )
    return f"{how}\n\n{table(head, rows)}"
