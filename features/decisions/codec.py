"""Codec of the decision log: records as JSON values of the storage, with only the fields that have a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import orjson

from features.decisions.records import Decision, Exposure, OutcomeEvent
from features.errors import StoreDamaged

Record = TypeVar("Record", Decision, Exposure, OutcomeEvent)


@dataclass(frozen=True)
class CustomerIndex:
    """The records of one customer: the ids of the decisions and of the outcomes."""

    customer_id: str
    decisions: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()


def pack_record(record: Decision | OutcomeEvent) -> bytes:
    """A decision or an outcome as a value."""
    return orjson.dumps(_present_fields(record))


def unpack_decision(value: bytes) -> Decision:
    """The decision in a value; raises StoreDamaged for a value of another form."""
    fields = _object(value)
    return _build(Decision, {**fields, "probabilities": tuple(fields.get("probabilities", ()))})


def unpack_outcome(value: bytes) -> OutcomeEvent:
    """The outcome in a value; raises StoreDamaged for a value of another form."""
    return _build(OutcomeEvent, _object(value))


def pack_exposures(exposures: list[Exposure]) -> bytes:
    """All exposures of one decision as a value, in the order of time."""
    ordered = sorted(exposures, key=lambda exposure: (exposure.at, exposure.state))
    return orjson.dumps([_present_fields(exposure) for exposure in ordered])


def unpack_exposures(value: bytes | None) -> list[Exposure]:
    """The exposures in a value; none for None. Raises StoreDamaged for a value of another form."""
    return [] if value is None else [_build(Exposure, fields) for fields in _parse(value)]


def pack_index(index: CustomerIndex) -> bytes:
    """The records of a customer as a value."""
    return orjson.dumps([index.customer_id, index.decisions, index.outcomes])


def unpack_index(value: bytes) -> CustomerIndex:
    """The records of a customer in a value; raises StoreDamaged for a value of another form."""
    try:
        customer_id, decisions, outcomes = _parse(value)
        return CustomerIndex(customer_id, tuple(decisions), tuple(outcomes))
    except (ValueError, TypeError):
        raise _damage_error(value) from None


def _present_fields(record: Decision | Exposure | OutcomeEvent) -> dict[str, Any]:
    # Not dataclasses.asdict, whose deep copies take most of the time of writing a thousand decisions.
    return {name: field for name, field in vars(record).items() if field is not None}


def _build(kind: type[Record], fields: dict[str, Any]) -> Record:
    try:
        return kind(**fields)
    except TypeError:
        raise _damage_error(orjson.dumps(fields)) from None


def _object(value: bytes) -> dict[str, Any]:
    fields = _parse(value)
    if not isinstance(fields, dict):
        raise _damage_error(value)
    return fields


def _parse(value: bytes) -> Any:  # noqa: ANN401 -- what JSON holds
    try:
        return orjson.loads(value)
    except ValueError:
        raise _damage_error(value) from None


def _damage_error(value: bytes) -> StoreDamaged:
    return StoreDamaged(
        f"Found a record of {len(value)} bytes in the decision log that is none; expected it as Flywheel wrote it. "
        "Restore the store from a backup."
    )
