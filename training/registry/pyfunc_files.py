"""Pyfunc files: what makes a folder of text files an MLflow model that loads through our own loader."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from mlflow.types.schema import ColSpec

ENVIRONMENT = ("numpy", "pandas", "pyarrow", "lightgbm", "mlflow")  # what the loader imports, beside Flywheel
ANY = "any"


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
    model = Model(signature=columns, saved_input_example_info=example.info)
    config = {"models": list(signature.models)}
    pyfunc.add_to_model(model, loader_module=signature.loader_module, data=data, model_config=config)
    model.save(str(folder / "MLmodel"))
    pins = "".join(f"{package}=={version(package)}\n" for package in ENVIRONMENT)
    (folder / "requirements.txt").write_text(f"# and Flywheel itself, which has {signature.loader_module}\n{pins}")


def _mlflow_column(column: SignatureColumn) -> ColSpec:
    """MLflow refuses the NaN that pandas' joins leave in an array, and instants with a zone, so that these are ANY."""
    from mlflow.types.schema import AnyType, ColSpec, DataType  # noqa: PLC0415 -- as above

    kind = AnyType() if column.type == ANY else DataType[column.type]  # type: ignore[no-untyped-call]
    return ColSpec(kind, column.name, required=column.required)
