"""Pyfunc files: what makes a folder of text files an MLflow model that loads through our own loader."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from training.registry import release_files

if TYPE_CHECKING:
    import pandas as pd
    from mlflow.types.schema import ColSpec

ENVIRONMENT = ("numpy", "pandas", "pyarrow", "lightgbm", "mlflow")  # what the loader imports, beside Flywheel
ANY = "any"
_NO_TIME = "1970-01-01 00:00:00"


@dataclass(frozen=True)
class SignatureColumn:
    """One column of a data frame: its name, and MLflow's name of its type."""

    name: str
    type: str  # ANY for lists and instants
    required: bool = True


@dataclass(frozen=True, kw_only=True)
class PyfuncSignature:
    """What some models read and return as a function of a data frame, and an example."""

    loader_module: str  # its ``_load_pyfunc`` gets the folder and the models
    models: Sequence[str]
    inputs: Sequence[SignatureColumn]
    outputs: Sequence[SignatureColumn]
    example: pd.DataFrame  # one row, of nobody


def write_pyfunc(folder: Path, signature: PyfuncSignature, data: str = ".") -> None:
    """Write ``MLmodel``, the example and the requirements into a folder whose files to load are below ``data``."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the import, about MLflow's own type hints
        from mlflow import pyfunc  # noqa: PLC0415 -- as in connect
    from mlflow.models import Model, ModelSignature  # noqa: PLC0415 -- as above
    from mlflow.models.utils import _Example  # noqa: PLC0415 -- as above
    from mlflow.types.schema import ParamSchema, ParamSpec, Schema  # noqa: PLC0415 -- as above

    columns = ModelSignature(
        inputs=Schema([_mlflow_column(column) for column in signature.inputs]),
        outputs=Schema([_mlflow_column(column) for column in signature.outputs]),
        params=ParamSchema([ParamSpec("as_of", "string", "")]),
    )
    example = _Example(signature.example)
    example.save(str(folder))
    # No time and no random id, so that the same training registers the same bytes.
    model = Model(
        signature=columns,
        saved_input_example_info=example.info,
        utc_time_created=_NO_TIME,
        model_uuid=_content_id(folder, signature),
    )
    config = {"models": list(signature.models)}
    pyfunc.add_to_model(model, loader_module=signature.loader_module, data=data, model_config=config)
    model.save(str(folder / "MLmodel"))
    pins = "".join(f"{package}=={version(package)}\n" for package in ENVIRONMENT)
    (folder / "requirements.txt").write_text(f"# and Flywheel itself, which has {signature.loader_module}\n{pins}")


def _content_id(folder: Path, signature: PyfuncSignature) -> str:
    """An id in hex, as MLflow makes them at random, of the models and of the files that are loaded."""
    content = json.dumps([list(signature.models), release_files.hash_files(folder)])
    return hashlib.sha256(content.encode()).hexdigest()[:32]


def _mlflow_column(column: SignatureColumn) -> ColSpec:
    """MLflow refuses the NaN that pandas' joins leave in an array, and instants with a zone, so that these are ANY."""
    from mlflow.types.schema import AnyType, ColSpec, DataType  # noqa: PLC0415 -- as above

    kind = AnyType() if column.type == ANY else DataType[column.type]  # type: ignore[no-untyped-call]
    return ColSpec(kind, column.name, required=column.required)
