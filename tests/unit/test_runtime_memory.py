"""The C library's pools of memory."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from bot.runtime.memory import hold_together

SCRIPT = """
import sys, threading
from pathlib import Path
if sys.argv[1] == "held":
    from bot.runtime.memory import hold_together
    assert hold_together()
started = threading.Barrier(17)
def work():
    held = [bytearray(100_000) for _ in range(20)]
    started.wait(30)
    return held
threads = [threading.Thread(target=work) for _ in range(16)]
for thread in threads: thread.start()
maps = Path("/proc/self/maps").read_text().splitlines()
ends = [line.split()[0].split("-") for line in maps if len(line.split()) == 5 and line.split()[1].startswith("rw")]
print(sum(int(start, 16) % (64 << 20) == 0 for start, _ in ends))
started.wait(30)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="pools of threads are glibc's")
def test_threads_share_two_pools_of_memory():
    def pools(how: str) -> int:
        return int(
            subprocess.run([sys.executable, "-c", SCRIPT, how], check=True, capture_output=True, text=True).stdout
        )

    assert pools("held") <= 2 < pools("free")


def test_another_c_library_is_left_as_it_is(monkeypatch):
    monkeypatch.setattr("ctypes.CDLL", lambda name: object())
    assert not hold_together()
