"""Model training and inference: data sets, models, evaluation, registry, reports and segments."""
