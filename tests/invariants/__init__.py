"""Decides from the history of a run whether what Levada promises (I1 to I10) has held."""
