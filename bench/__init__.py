"""Measurements against stock Rasa, one command each."""
