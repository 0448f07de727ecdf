"""Rasa pipeline components: spelling, sentence encoder, tf-idf, classifier with scope gate, words.

Each is used by naming it in config.yml, in this project or any other.
"""
