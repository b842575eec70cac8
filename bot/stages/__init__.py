"""The three stages: each claims rows, computes, and commits."""
