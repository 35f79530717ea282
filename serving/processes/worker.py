"""Worker: the main program of a worker process, which answers requests until it is told to stop."""

from __future__ import annotations

import argparse
import json
import logging
import socket
import sys
from collections.abc import Sequence

import uvicorn

from features.errors import FlywheelError
from serving.api.app_state import AppState
from serving.processes.parent_death import end_with_parent
from serving.service import worker_application
from serving.settings import Settings

REFUSED = 3


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a worker on the descriptors that the supervisor passed on."""
    parser = argparse.ArgumentParser(prog="python -m serving.processes.worker", description=__doc__)
    parser.add_argument("--listener", type=int, required=True, help="descriptor of the socket to accept from")
    parser.add_argument("--channel", type=int, required=True, help="descriptor of the socket to the supervisor")
    parser.add_argument("--index", type=int, required=True, help="number of the worker, from 1")
    options = parser.parse_args(arguments)
    channel = socket.socket(fileno=options.channel)
    settings = Settings.from_json(_read_line(channel))
    end_with_parent(channel)
    logging.basicConfig(level=logging.ERROR)
    try:
        state = AppState.open(settings)
    except FlywheelError as error:
        channel.sendall(json.dumps({"refusal": str(error)}).encode())
        sys.exit(REFUSED)
    serve(state, socket.socket(fileno=options.listener), options.index)


def serve(state: AppState, listener: socket.socket, index: int) -> None:
    """Answer the requests that arrive at ``listener`` until a signal to stop."""
    config = uvicorn.Config(
        worker_application(lambda: state, index),
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=2048,
    )
    uvicorn.Server(config).run(sockets=[listener])


def _read_line(channel: socket.socket) -> bytes:
    with channel.makefile("rb") as reader:
        return reader.readline()


if __name__ == "__main__":
    main()
