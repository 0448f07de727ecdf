"""The holes that were found in stock Rasa, tried on it and on this project."""
