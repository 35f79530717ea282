"""Environment reference: the settings of the service, and the variables of the command line."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from docs._ext.markdown import Schema, code, limits_of, section, table, type_of
from pipelines.environment import VARIABLES
from serving.audience_policy import AudiencePolicy
from serving.settings import ENVIRONMENT_PREFIX, Settings


def environment() -> str:
    """Two tables of variables, for the service and for the command line, with defaults and meanings."""
    schemas: dict[str, Schema] = Settings.model_json_schema()["properties"]
    # Fields that are inherited come first in a model, and last in the table.
    fields = sorted(Settings.model_fields.items(), key=lambda field: field[0] in AudiencePolicy.model_fields)
    service = [
        [
            code(f"{ENVIRONMENT_PREFIX}{name.upper()}"),
            _type(schemas[name]),
            _default(field),
            limits_of(schemas[name]),
            field.description or "",
        ]
        for name, field in fields
    ]
    commands = [[code(variable.name), code(variable.default) or "none", variable.meaning] for variable in VARIABLES]
    return "\n".join(
        [
            section(
                2,
                "The service",
                "environment-service",
                table(["variable", "type", "default", "limits", "meaning"], service),
            ),
            section(2, "The command line", "environment-commands", table(["variable", "default", "meaning"], commands)),
        ]
    )


def _type(schema: Schema) -> str:
    return type_of(schema, "environment")


def _default(field: FieldInfo) -> str:
    match field.default:
        case None | ():
            return "none"
        case SecretStr() as secret:
            return code(secret.get_secret_value())
        case Path() as path:
            return code(path)
        case value:
            return code(value if isinstance(value, str) else json.dumps(value))
