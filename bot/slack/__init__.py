"""Slack: messages out of records, posting them, and what its answers mean."""
