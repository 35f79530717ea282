"""Uvicorn baseline: uvicorn, Starlette and pydantic with the same request and a prepared response of the same bytes.

Run as ``uvicorn benchmarks.serving.uvicorn_baseline:app`` with the response in the file that RESPONSE_FILE names.
"""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


class PredictionRequest(BaseModel):
    """The request body of the service."""

    customer_ids: list[str]


_RESPONSE_BYTES = Path(os.environ["RESPONSE_FILE"]).read_bytes()


async def respond(request: Request) -> Response:
    """Validate the request and return the prepared bytes."""
    PredictionRequest.model_validate_json(await request.body())
    return Response(_RESPONSE_BYTES, media_type="application/json")


app = Starlette(routes=[Route("/v1/predictions", respond, methods=["POST"])])
