"""Compiled Kubeflow pipelines as native Pipelines and Components that mean the same."""
