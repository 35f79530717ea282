"""Schemas: the JSON of requests and answers as pydantic models."""
