"""Polling: looks for a new champion and a new publication for as long as the service runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from structlog.typing import FilteringBoundLogger

from serving.observability.json_logs import log_error


async def poll_forever(polls: Sequence[Callable[[], None]], seconds: float, log: FilteringBoundLogger) -> None:
    """Call each poll in turn every ``seconds``, in a thread beside the requests; a poll that fails is logged."""
    while True:
        for poll in polls:
            try:
                await asyncio.to_thread(poll)
            except Exception as error:  # noqa: BLE001 - a failed poll must not end the polling
                log_error(log, "poll failed", error)
        await asyncio.sleep(seconds)
