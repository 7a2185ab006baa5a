"""The graph that every frontend produces and the planner runs: immutable, recursive, no I/O."""
