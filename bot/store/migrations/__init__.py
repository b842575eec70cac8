"""The tables as they came to be: one revision per change, in order."""
