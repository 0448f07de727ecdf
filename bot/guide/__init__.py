"""The catalogue: the guide's statements, topics, glossary and messages, loaded and checked.

Pure Python: nothing here imports Rasa, TensorFlow, spaCy or a database.
"""
