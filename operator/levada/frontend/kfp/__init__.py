"""Kubeflow's compiled pipelines (the pipeline spec IR, schema 2.1.0) as a graph."""
