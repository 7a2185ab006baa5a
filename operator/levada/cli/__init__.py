"""`levada`, and as a kubectl plugin `kubectl levada`."""
