"""Store checks: the online store, the consents, MLflow's database and the files of the champion."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.request import urlopen

from features.consents.inspection import count_ledger, is_in_redis
from features.decisions.inspection import count_decisions
from features.online.backends import LMDB, resolve_location
from features.online.inspection import measure_lmdb
from features.storage.redis_client import READ_TIMEOUTS, RedisClient
from features.wording import count_of
from pipelines import environment
from pipelines.diagnostics.check import Finding, check, ok, problem, warning
from pipelines.diagnostics.masking import mask_password
from pipelines.diagnostics.surroundings import Surroundings
from serving.audiences.export.inspection import inspect_audiences
from training.models import load_release

_TIMEOUT_SECONDS = 3.0
_NEARLY_FULL, _MAX_NAMED = 0.8, 3  # share of a quota; ids in a sentence


@check(
    "stores",
    "online store",
    expected="LMDB in the home, or a Redis that answers and evicts nothing",
    remedy="`flywheel publish` fills it; start the Redis, or correct FLYWHEEL_ONLINE_STORE; set maxmemory-policy "
    "noeviction in a Redis",
)
def online_store(surroundings: Surroundings) -> Finding:
    """Whether the store of features answers, and how much is in it."""
    location = resolve_location(surroundings.home.online, surroundings.home.folder)
    if surroundings.home.online != LMDB:
        return _inspect_redis(RedisClient(location, READ_TIMEOUTS))
    size = measure_lmdb(Path(location))
    if size is None:
        has_features = surroundings.state.features_as_of is not None
        found = f"there is no store in {location} yet"
        return problem(f"{found}, although features were published") if has_features else ok(found)
    found = f"LMDB with {size.rows:,} rows in {size.used_bytes / 1e6:,.1f} MB"
    return problem(f"{found}, {size.damaged_rows:,} of them damaged") if size.damaged_rows else ok(found)


def _inspect_redis(client: RedisClient) -> Finding:
    memory = client.execute("INFO", "memory")
    policy = memory.get("maxmemory_policy", "unknown")
    found = f"Redis at {client.name} with {client.execute('DBSIZE'):,} keys, maxmemory-policy {policy}"
    return ok(found) if policy in {"noeviction", "unknown"} else warning(found)


@check(
    "stores",
    "consents",
    expected="the consent ledger in the store that FLYWHEEL_ONLINE_STORE names",
    remedy="Set FLYWHEEL_ONLINE_STORE to that Redis; or give this user access to the folder `consents` of the home; "
    "restore damaged ones from a backup",
)
def consents(surroundings: Surroundings) -> Finding:
    """The consent ledger."""
    home = surroundings.home
    if is_in_redis(home.folder):
        return problem("they are in a Redis, but the online store is lmdb") if home.online == LMDB else ok("in Redis")
    counts = count_ledger(home.folder)
    found = f"state {counts.state}: {counts.customers:,} customers recorded, {counts.erased:,} erased"
    if counts.damaged:
        return problem(f"{found}; {counts.damaged:,} damaged records, whose customers count as ones who said no")
    return ok(found)


@check(
    "stores",
    "MLflow",
    expected="a database or a server that answers",
    remedy="Start the server, or correct FLYWHEEL_MLFLOW_TRACKING_URI; the service answers without it",
)
def model_store(surroundings: Surroundings) -> Finding:
    """MLflow's database in the home, or the server of the shop."""
    if uri := environment.MLFLOW_TRACKING_URI.value:
        return _ask_model_server(uri)
    path = surroundings.home.folder / "mlflow.db"
    if not path.is_file():
        return ok("there is no mlflow.db yet; the first training creates it")
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            ((runs,),) = connection.execute("SELECT count(*) FROM runs").fetchall()
            ((versions,),) = connection.execute("SELECT count(*) FROM model_versions").fetchall()
    except sqlite3.Error as error:
        return problem(f"mlflow.db cannot be read ({error})")
    return ok(f"mlflow.db with {runs:,} runs and {versions:,} model versions")


def _ask_model_server(uri: str) -> Finding:
    name = mask_password(uri)
    try:
        if uri.startswith(("http:", "https:")):
            with urlopen(f"{uri.rstrip('/')}/health", timeout=_TIMEOUT_SECONDS):  # noqa: S310 -- the configured server
                return ok(f"the server at {name} answers")
        from sqlalchemy import create_engine, text

        with create_engine(uri).connect() as connection:
            connection.execute(text("SELECT 1"))
    except Exception as error:  # noqa: BLE001 -- every database's driver has its own errors
        return warning(f"{name} does not answer ({type(error).__name__})")
    return ok(f"the database at {name} answers")


@check(
    "stores",
    "champion",
    expected="a promoted release whose files are as they were registered",
    remedy="`flywheel run` trains and promotes one; `flywheel promote --version VERSION` fetches damaged files again",
)
def champion(surroundings: Surroundings) -> Finding:
    """Whether the serving release loads and matches its checksums."""
    home = surroundings.home
    version = home.champion()
    if version is None:
        return warning("there is none yet, so nothing can be answered")
    release = load_release(home.releases / version)
    models = ", ".join(f"{name} {number}" for name, number in release.model_versions.items())
    return ok(f"release {version} with {models}")


@check(
    "stores",
    "audiences",
    expected="whole audiences, well below FLYWHEEL_MAX_AUDIENCES and FLYWHEEL_MAX_AUDIENCE_BYTES",
    remedy="Nothing to do for damaged ones: the service deletes them, and they can be created again. "
    "`flywheel audience --list` and `flywheel audience --delete ID` make room",
)
def audiences(surroundings: Surroundings) -> Finding:
    """Whether the stored audiences can be read, and how much of the quota they take."""
    policy, state = environment.audience_policy(), inspect_audiences(surroundings.home.folder / "audiences")
    found = f"{state.count:,} stored, {state.nbytes / 1e6:,.1f} MB"
    if state.damaged:
        return warning(f"{found}; damaged: {', '.join(state.damaged[:_MAX_NAMED])}")
    is_nearly_full = max(state.count / policy.max_audiences, state.nbytes / policy.max_audience_bytes) >= _NEARLY_FULL
    return warning(f"{found}, nearly as much as the quota allows") if is_nearly_full else ok(found)


@check(
    "stores",
    "decisions",
    expected="the decision log that this home remembers, in the store that FLYWHEEL_ONLINE_STORE names",
    remedy="Put the newest copy of the store back, or stop the service and run `flywheel restore`, which takes what "
    "the history has",
)
def decisions(surroundings: Surroundings) -> Finding:
    """The decision log."""
    counts = count_decisions(surroundings.home.folder, surroundings.home.online)
    if counts is None:
        return ok("nothing was decided yet")
    numbers = (counts.decisions, "decision"), (counts.outcomes, "outcome"), (counts.customers, "customer")
    return ok(", ".join(count_of(*number) for number in numbers))


STORE_CHECKS = (online_store, consents, decisions, model_store, champion, audiences)
