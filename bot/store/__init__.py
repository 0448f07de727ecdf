"""What is kept: conversations."""
