"""The parents' own messengers: one module a platform, and the post that serves them all."""
