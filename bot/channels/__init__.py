"""Ways in: the web channel and what turns replies into each channel's form."""
