"""Understanding: this project's pipeline against stock Rasa's default one, on the same data."""
