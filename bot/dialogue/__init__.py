"""What is said: replies composed from the catalogue. Pure Python, no Rasa."""
