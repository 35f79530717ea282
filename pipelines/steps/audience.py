"""Whom to reach, from the command line: the same request as POST /v1/audiences, and its members in a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from features.calendar import micros
from features.errors import FlywheelError
from pipelines.home import Home
from serving.audiences.audience_service import SAMPLE_FORMAT, AudienceService, ExportContext
from serving.audiences.errors import InvalidAudienceRequest, InvalidJson
from serving.audiences.formats import FORMATS
from serving.audiences.request_parsing import parse_request
from serving.audiences.schema import AudienceResponse
from serving.observability.audit_log import COMMAND_LINE, AuditLog

SUFFIXES = {".csv": "text/csv", ".ndjson": "application/x-ndjson", ".parquet": "application/vnd.apache.parquet"}


class InvalidRequest(FlywheelError):
    """What was asked for has no meaning here; every field at fault is named."""


@dataclass(frozen=True)
class AudienceOutput:
    """The answer, and where its members are, if they were written."""

    answer: AudienceResponse
    path: Path | None


def build_request(options: Mapping[str, Any], file: Path | None) -> bytes:
    """The request in a file, with what the command line says in the place of the same fields.

    Raises:
        InvalidRequest: the file is not there, or no JSON object.
    """
    try:
        given = {} if file is None else orjson.loads(file.read_bytes())
    except OSError as error:
        raise InvalidRequest(
            f"{file} cannot be read ({error.strerror}). Expected a file with one JSON object."
        ) from None
    except orjson.JSONDecodeError as error:
        raise InvalidRequest(f"{file} is not JSON: {error}. Expected one JSON object, as the README shows.") from None
    if not isinstance(given, dict):
        raise InvalidRequest(f"{file} holds a {type(given).__name__}. Expected one JSON object, as the README shows.")
    return orjson.dumps({**given, **{name: value for name, value in options.items() if value is not None}})


def run(home: Home, body: bytes, timestamp: datetime, out: Path | None = None) -> AudienceOutput:
    """Make an audience, and write its members to a file in the format of its suffix.

    Raises:
        InvalidRequest: the request does not fit the scores table, or the file has another suffix.
        InvalidScores: nobody has been scored.
    """
    if out is not None and out.suffix not in SUFFIXES:
        raise InvalidRequest(f"Found --out {out}. Expected a name that ends in {', '.join(SUFFIXES)}.")
    desk = AudienceService.for_home(home.folder, home.ledger(), AuditLog.open(home.folder))
    try:
        answer = desk.create(parse_request(body), ExportContext(COMMAND_LINE, micros(timestamp), SAMPLE_FORMAT))
    except InvalidAudienceRequest as refused:
        faults = "\n".join(f"  - {error.field}: {error.reason}" for error in refused.errors)
        raise InvalidRequest(f"{refused.detail}\n{faults}") from None
    except InvalidJson as wrong:
        raise InvalidRequest(str(wrong)) from None
    if out is not None and answer.audience_id is not None:
        _write_members(desk, answer.audience_id, ExportContext(COMMAND_LINE, micros(timestamp), out.suffix[1:]), out)
    return AudienceOutput(answer, out)


def _write_members(service: AudienceService, audience_id: str, export: ExportContext, out: Path) -> None:
    """The file is there whole, or not at all."""
    _, tables = service.export_all(audience_id, export)
    draft = out.with_name(f".{out.name}.tmp")
    try:
        with draft.open("wb") as file:
            file.writelines(FORMATS[SUFFIXES[out.suffix]](tables))
        draft.replace(out)
    finally:
        draft.unlink(missing_ok=True)
