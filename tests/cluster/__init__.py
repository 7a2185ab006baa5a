"""A real one-node Kubernetes cluster on one bare Linux machine, for the tests. README.md tells how."""
