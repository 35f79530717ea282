"""What was asked for? A checked request, or a refusal that names every field at fault."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from features.validation_errors import expected_json, found
from serving.audiences.errors import Refused, choice, shown
from serving.audiences.request_limits import plain
from serving.audiences.schema import AudienceRequest, Condition, Holdout, OrderBy
from serving.schemas.predictions import FieldProblem

_MODELS: dict[str, type[BaseModel]] = {
    "": AudienceRequest,
    "condition": Condition,
    "holdout": Holdout,
    "order_by": OrderBy,
}
_NODES = "all, any, not, or a condition: a column and how it is compared"


def asked(body: bytes) -> AudienceRequest:
    """The request in a body.

    Raises:
        NotJson: the body is not JSON.
        Refused: it is beyond the limits or of another form.
    """
    said = plain(body)
    try:
        return AudienceRequest.model_validate(said)
    except ValidationError as error:
        errors = error.errors(include_url=False)
    raise Refused.of([FieldProblem(field=_path(one["loc"]), reason=_reason(one)) for one in errors])


def _path(location: Iterable[int | str]) -> str:
    """The field as the caller wrote it: the names that tell nodes apart are left out."""
    parts: list[str] = []
    steps = iter(location)
    for step in steps:
        parts.append(f"[{step}]" if isinstance(step, int) else f".{step}")
        in_list = isinstance(step, int) and parts[-2:-1] in ([".all"], [".any"])
        if in_list or step in {"filter", "not"}:
            next(steps, None)
    return "".join(parts).removeprefix(".") or "body"


def _reason(error: ErrorDetails) -> str:
    kind = error["type"]
    if kind == "extra_forbidden":
        return _unforeseen(error)
    if kind == "missing":
        return "Found nothing; expected a value. Add it."
    if kind in {"union_tag_not_found", "model_type", "model_attributes_type"}:
        return f"Found {shown(error['input'])}; expected an object with {_expected(error)}."
    remedy = {"too_long": " Send fewer.", "too_short": " Leave it out where there is nothing to say."}.get(kind, "")
    return f"Found {found(error, shown)}; expected {expected_json(error)}.{remedy}"


def _unforeseen(error: ErrorDetails) -> str:
    *place, name = error["loc"]
    words = _words(place)
    return f"Found a field nobody asks for; expected {', '.join(words)}. {choice(str(name), words)} Else leave it out."


def _words(place: list[int | str]) -> list[str]:
    last = str(place[-1]) if place else ""
    if last not in _MODELS:
        return [f"{last} alone"]
    model = _MODELS[last]
    return [field.alias or name for name, field in model.model_fields.items()]


def _expected(error: ErrorDetails) -> str:
    named = {"order_by": "column and descending", "holdout": "share and name"}
    return named.get(str(error["loc"][-1]), _NODES)
