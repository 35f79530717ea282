"""Pyfunc: a release, or one of its models, as a function of a data frame of features, for notebooks and MLflow."""
