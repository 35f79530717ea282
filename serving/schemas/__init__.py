"""Schemas: request and response bodies as pydantic models, without any logic."""
