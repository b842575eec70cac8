"""Decisions: values in, values out, without clock, network, disk or log."""
