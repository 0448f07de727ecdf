"""A shorter encoder: how its one layer learns, and what it has learned (`upper.npz`)."""
