"""The limit: bare uvicorn, Starlette and pydantic with the same request, and a response of the same bytes made before.

Run as ``uvicorn benchmarks.serving.uvicorn_baseline:app`` with the response in the file that BARE_ANSWER names.
"""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


class Question(BaseModel):
    """What is asked of the service."""

    customer_ids: list[str]


_ANSWER = Path(os.environ["BARE_ANSWER"]).read_bytes()


async def answer(request: Request) -> Response:
    """The same bytes to everybody."""
    Question.model_validate_json(await request.body())
    return Response(_ANSWER, media_type="application/json")


app = Starlette(routes=[Route("/v1/predictions", answer, methods=["POST"])])
