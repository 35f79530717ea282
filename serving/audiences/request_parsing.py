"""Request parsing: a body becomes a checked audience request, or an error that names every invalid field."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from features.validation_errors import expected_json_text, found_text
from serving.audiences.distribution_schema import HistogramRequest
from serving.audiences.errors import InvalidAudienceRequest, suggestions, truncated_json
from serving.audiences.request_limits import parse_json
from serving.audiences.schema import AudienceRequest, Condition, Holdout, OrderBy
from serving.schemas.economics import EconomicsRequest
from serving.schemas.predictions import FieldProblem

_MODELS: dict[str, type[BaseModel]] = {
    "": AudienceRequest,
    "condition": Condition,
    "histogram": HistogramRequest,
    "holdout": Holdout,
    "order_by": OrderBy,
    "economics": EconomicsRequest,
}
_EXPECTED_NODE = "all, any, not, or a condition: a column and how it is compared"


def parse_request(body: bytes) -> AudienceRequest:
    """Return the audience request in a body.

    Raises:
        InvalidJson: the body is not JSON.
        InvalidAudienceRequest: the request exceeds a limit, or a field is invalid.
    """
    payload = parse_json(body)
    try:
        return AudienceRequest.model_validate(payload)
    except ValidationError as error:
        errors = error.errors(include_url=False)
    raise InvalidAudienceRequest.from_errors(
        [FieldProblem(field=_field_path(detail["loc"]), reason=_reason(detail)) for detail in errors]
    )


def _field_path(location: Iterable[int | str]) -> str:
    """Return the field as the caller wrote it, without the tags that separate node types."""
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
        return _unknown_field_reason(error)
    if kind == "missing":
        return "Found nothing; expected a value. Add it."
    if kind in {"union_tag_not_found", "model_type", "model_attributes_type"}:
        return f"Found {truncated_json(error['input'])}; expected an object with {_expected_object(error)}."
    remedy = {"too_long": " Send fewer.", "too_short": " Leave it out if it is empty."}.get(kind, "")
    return f"Found {found_text(error, truncated_json)}; expected {expected_json_text(error)}.{remedy}"


def _unknown_field_reason(error: ErrorDetails) -> str:
    *location, name = error["loc"]
    allowed = _allowed_fields(location)
    remedy = suggestions(str(name), allowed)
    return f"Found an unknown field; expected {', '.join(allowed)}. {remedy} Else leave it out."


def _allowed_fields(location: list[int | str]) -> list[str]:
    last = next((step for step in reversed(location) if isinstance(step, str)), "")
    if last not in _MODELS:
        return [f"{last} alone"]
    model = _MODELS[last]
    return [field.alias or name for name, field in model.model_fields.items()]


def _expected_object(error: ErrorDetails) -> str:
    expected_by_field = {
        "order_by": "column and descending",
        "holdout": "share and name",
        "histogram": "column and bins",
        "economics": "margin, contact_cost and offer_cost",
    }
    last = next((step for step in reversed(error["loc"]) if isinstance(step, str)), "")
    return expected_by_field.get(last, _EXPECTED_NODE)
