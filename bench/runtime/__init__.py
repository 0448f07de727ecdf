"""Speed, start, memory and safekeeping: this project's server against stock Rasa's."""
