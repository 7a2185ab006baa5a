"""The only place that imports kopf: events in, reconcile keys out."""
