"""The family's own calendar: dates in, events out. Pure Python."""
