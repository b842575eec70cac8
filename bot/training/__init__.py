"""Training and evaluation. Importing a module of this package may need the extra `train`; `data` and `evaluation` do not."""
