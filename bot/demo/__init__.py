"""The demonstration: sample articles of our own, served as feeds over loopback, with positions to track in them."""
