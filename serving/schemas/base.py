"""Base schema: the strict pydantic model that requests share with the answers of the model pages."""

from training.inference.answers.schema import Probability, StrictModel

__all__ = ["Probability", "StrictModel"]
