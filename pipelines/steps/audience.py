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
from serving.audiences.audience_service import SAMPLE, AudienceDesk, Export
from serving.audiences.errors import NotJson, Refused
from serving.audiences.export.formats import FORMATS
from serving.audiences.request_parsing import asked
from serving.audiences.schema import AudienceAnswer
from serving.observability.audit_log import COMMAND_LINE, Audit

SUFFIXES = {".csv": "text/csv", ".ndjson": "application/x-ndjson", ".parquet": "application/vnd.apache.parquet"}


class BadRequest(FlywheelError):
    """What was asked for has no meaning here; every field at fault is named."""


@dataclass(frozen=True)
class Made:
    """The answer, and where its members are, if they were written."""

    answer: AudienceAnswer
    path: Path | None


def request(said: Mapping[str, Any], file: Path | None) -> bytes:
    """The request in a file, with what the command line says in the place of the same fields.

    Raises:
        BadRequest: the file is not there, or no JSON object.
    """
    try:
        given = {} if file is None else orjson.loads(file.read_bytes())
    except OSError as error:
        raise BadRequest(f"{file} cannot be read ({error.strerror}). Expected a file with one JSON object.") from None
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"{file} is not JSON: {error}. Expected one JSON object, as the README shows.") from None
    if not isinstance(given, dict):
        raise BadRequest(f"{file} holds a {type(given).__name__}. Expected one JSON object, as the README shows.")
    return orjson.dumps({**given, **{name: value for name, value in said.items() if value is not None}})


def run(home: Home, body: bytes, at: datetime, out: Path | None = None) -> Made:
    """Make an audience, and write its members to a file in the format of its suffix.

    Raises:
        BadRequest: the request does not fit the scores table, or the file has another suffix.
        BadScores: nobody has been scored.
    """
    if out is not None and out.suffix not in SUFFIXES:
        raise BadRequest(f"Found --out {out}. Expected a name that ends in {', '.join(SUFFIXES)}.")
    desk = AudienceDesk.of(home.folder, home.ledger(), Audit.open(home.folder))
    try:
        answer = desk.make(asked(body), Export(COMMAND_LINE, micros(at), SAMPLE))
    except Refused as refused:
        faults = "\n".join(f"  - {error.field}: {error.reason}" for error in refused.errors)
        raise BadRequest(f"{refused.detail}\n{faults}") from None
    except NotJson as wrong:
        raise BadRequest(str(wrong)) from None
    if out is not None and answer.audience_id is not None:
        _written(desk, answer.audience_id, Export(COMMAND_LINE, micros(at), out.suffix[1:]), out)
    return Made(answer, out)


def _written(desk: AudienceDesk, audience_id: str, export: Export, out: Path) -> None:
    """The file is there whole, or not at all."""
    _, tables = desk.all(audience_id, export)
    draft = out.with_name(f".{out.name}.tmp")
    try:
        with draft.open("wb") as file:
            file.writelines(FORMATS[SUFFIXES[out.suffix]](tables))
        draft.replace(out)
    finally:
        draft.unlink(missing_ok=True)
