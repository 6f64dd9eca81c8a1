"""Cheap estimates of what a checkpoint will reach on a target, one file an estimator."""
