"""What drives the stages: one process with threads, or many workers."""
