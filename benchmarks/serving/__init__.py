"""Serving: latency, throughput and cost of the service, next to bare uvicorn, MLflow and Feast."""
