"""The local engine: the planner decides as in a cluster, tasks are processes, a folder is the store."""
