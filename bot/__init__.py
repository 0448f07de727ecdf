"""B12 Companion: answers parents of babies who lack vitamin B12, from one curated guide."""
