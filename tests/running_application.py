"""Running application: an application that a thread of this process serves at a port."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from tests.free_ports import free_port
from tests.waiting import wait_until


@contextmanager
def running_application(app: FastAPI) -> Iterator[str]:
    """The address of the application, once it has started."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, ws="none", log_level="error"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
    thread.start()
    try:
        wait_until(lambda: server.started or not thread.is_alive())
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()
