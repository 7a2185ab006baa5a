"""Levada: a Kubernetes operator that runs machine-learning pipelines."""

__version__ = "0.1.0"
