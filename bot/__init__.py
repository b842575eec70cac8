"""Walkback: alerts a desk when somebody moves from a position that they are on record as holding."""
