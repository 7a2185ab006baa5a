"""What starts a replica: lease, watches, probes, logs. Events in, keys of what is to be reconciled out."""
