"""Worker: the main program of a worker process, which answers requests until it is told to stop."""

from __future__ import annotations

import argparse
import logging
import socket
import sys
import time
from collections.abc import Sequence
from functools import partial

import uvicorn

from features.errors import FlywheelError
from serving.api.app_state import AppState
from serving.audiences.query.arrow_without_pandas import use_arrow_without_pandas
from serving.connections.connection_table import ConnectionTable
from serving.connections.http_protocol import LimitedProtocol
from serving.connections.limits import RESERVED_FILES, ConnectionLimits, raise_open_files
from serving.connections.turned_away import TurnedAway
from serving.observability.clock import SystemClock
from serving.observability.json_logs import json_log
from serving.processes.connection_draining import DrainingServer
from serving.processes.supervisor_channel import SupervisorChannel
from serving.service import worker_application
from serving.settings import Settings

REFUSED = 3  # exit status
GRACEFUL_SECONDS = 15  # for open requests, and for callers who do not read; below STOP_SECONDS of the supervisor


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a worker on the descriptors that the supervisor passed on."""
    parser = argparse.ArgumentParser(prog="python -m serving.processes.worker", description=__doc__)
    parser.add_argument("--listener", type=int, required=True, help="descriptor of the socket to accept from")
    parser.add_argument("--channel", type=int, required=True, help="descriptor of the socket to the supervisor")
    parser.add_argument("--index", type=int, required=True, help="number of the worker, from 1")
    options = parser.parse_args(arguments)
    channel = SupervisorChannel(socket.socket(fileno=options.channel))
    settings = channel.receive_settings()
    channel.watch()
    use_arrow_without_pandas()
    logging.basicConfig(level=logging.ERROR)
    try:
        state = AppState.open(settings)
    except FlywheelError as error:
        channel.send_refusal(error)
        sys.exit(REFUSED)
    server = create_server(state, settings, options.index, channel)
    server.run(sockets=[socket.socket(fileno=options.listener)])


def create_server(state: AppState, settings: Settings, index: int, channel: SupervisorChannel) -> DrainingServer:
    """The HTTP server of a worker, with the limits of the settings on its connections."""
    log = json_log(SystemClock())  # connections know no pinned clock
    open_files = raise_open_files(settings.max_connections + RESERVED_FILES)
    limits = ConnectionLimits.within(settings, open_files)
    if limits.max_connections < settings.max_connections:
        log.warning("fewer connections than max_connections", open_files=open_files, most=limits.max_connections)
    turned_away = TurnedAway(log, state.metrics.record_turned_away, time.monotonic)
    table = ConnectionTable(limits, turned_away)
    config = uvicorn.Config(
        worker_application(lambda: state, index),
        http=partial(LimitedProtocol, limits, table, turned_away),  # type: ignore[arg-type] # called like a class
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # any caller can send them, and would have another address for each wrong key
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
    )
    return DrainingServer(config, table, lambda: channel.service_stops)


if __name__ == "__main__":
    main()
