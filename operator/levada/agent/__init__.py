"""What runs beside the main container of a task's Pod: puts inputs in place, takes outputs, reports."""
