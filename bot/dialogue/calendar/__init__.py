"""The talk that leads to the family's own calendar, and keeps it true."""
