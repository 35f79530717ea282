"""Reporting: model cards, figures and reports for the MLflow UI; nothing here measures."""
