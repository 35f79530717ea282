"""Predictions: consent gate, feature reader, scorer and serializers; nothing here knows an HTTP request."""
