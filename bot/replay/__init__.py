"""Replay: an archive through the same stages in time order, and what the desk would have been told."""
