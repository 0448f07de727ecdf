"""From REPLY to what each messenger shows: pure functions, one module a platform."""
