"""The short encoder: how its layer learns, and what it has learned (`upper.npz`)."""
