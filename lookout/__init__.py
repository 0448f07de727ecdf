"""The safety look-out's messages, how it learns from them, and what it has learned.

`messages/` has a file for each alarm and one for calm messages that resemble them, one message a
line. `make lookout` learns from these, and from training data as calm, and writes quick.npz and
careful.npz.
"""
