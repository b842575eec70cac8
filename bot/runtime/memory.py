"""How the C library keeps memory: left alone, it gives each of our forty threads a pool that keeps what was once in it."""

from __future__ import annotations

import ctypes

POOLS = -8, 2
OWN_MAPPING_FROM = -3, 256 << 10
"""The numbers of M_ARENA_MAX and M_MMAP_THRESHOLD in glibc's malloc.h, and what they are set to: see mallopt(3)."""


def hold_together() -> bool:
    """Give all threads two pools, and large blocks back as soon as they are free; False where the library knows no such thing.

    Called before threads are started.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    return bool(mallopt(*POOLS)) & bool(mallopt(*OWN_MAPPING_FROM))
