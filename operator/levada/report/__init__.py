"""Runs as a page that needs nothing else, and side by side. Works on the JSON records of runs, whoever made them."""
