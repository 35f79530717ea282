"""Registration: from a release candidate to MLflow."""
