"""Pure decisions: what is ready, what its Pod looks like, what the status says. Touches nothing."""
