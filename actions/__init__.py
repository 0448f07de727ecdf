"""The assistant's custom actions (rasa_sdk): thin, one file a conversation."""
