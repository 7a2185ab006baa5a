"""What runs beside the user's container in a task Pod: stage inputs in, collect outputs."""
