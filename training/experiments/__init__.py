"""Experiments: the record of an experiment, its estimators and the allocation of an adaptive one."""
