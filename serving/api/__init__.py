"""API: the HTTP application, its middlewares and its routes; only serving/service.py imports it."""
