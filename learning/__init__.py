"""How an encoder's upper layers learn: what `lookout/` and `encoder/` have in common."""
