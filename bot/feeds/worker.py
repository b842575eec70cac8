"""The process behind the fence: reads jobs from standard input, answers on standard output, and may be killed at any time.

Started as `python -m bot.feeds.worker MEMORY FILE TARGET [ARGUMENT …]`, where TARGET is "module:function" and the function,
called once with the arguments, returns what does a job: bytes and named texts in, JSON values out. The process has no secrets
in its environment, may write no file larger than FILE bytes, and has limits on memory and on each job's CPU time.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from bot.feeds.parse import parse
from bot.feeds.parsed import to_record

Job = Callable[..., Any]
HEADER = struct.Struct(">IQ")
"""Of a job: the lengths of its JSON settings and of its body."""
READY = b"ready"
"""What the process says first."""
REPLY = struct.Struct(">Q")


def parsing() -> Job:
    """Return the job that parses a feed: settings `content_type`."""

    def job(body: bytes, content_type: str = "") -> dict[str, Any]:
        return to_record(parse(body, content_type))

    return job


def serve(job: Job, source: BinaryIO, sink: BinaryIO, retire_over: int) -> None:
    """Say that it is ready, and do jobs until the source ends.

    An answer says so when more than `retire_over` bytes are held after it: the process is then best replaced.
    """
    sink.write(READY)
    sink.flush()
    while True:
        header = source.read(HEADER.size)
        if len(header) < HEADER.size:
            return
        settings_length, body_length = HEADER.unpack(header)
        settings = json.loads(source.read(settings_length))
        body = source.read(body_length)
        _limit_cpu(settings.pop("cpu_s"))
        answer = _answer(job, body, settings, retire_over)
        del body
        sink.write(REPLY.pack(len(answer)))
        sink.write(answer)
        sink.flush()


def _answer(job: Job, body: bytes, settings: dict[str, Any], retire_over: int) -> bytes:
    try:
        result = {"result": job(body, **settings)}
    except MemoryError:
        return b'{"exceeded": "memory", "retire": true}'
    except Exception as error:  # noqa: BLE001  the boundary of one job: a library's bug on one body is that body's fault
        result = {"crash": f"{type(error).__name__}: {error}"[:300]}
    grown = _resident() > retire_over
    try:
        return json.dumps({**result, "retire": grown}).encode("ascii")
    except MemoryError:
        return b'{"exceeded": "memory", "retire": true}'


def _resident() -> int:
    """Return the bytes of memory in use. Not ru_maxrss: that begins with what the process's parent had in use."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    except OSError:
        return 0
    return int(pages) * resource.getpagesize()


def _limit_cpu(seconds: float) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime + seconds) + 1, hard))


def main(arguments: list[str]) -> None:
    """Set the limits that hold for the process's life, then serve."""
    memory, largest_file, target, *rest = arguments
    module, _, name = target.partition(":")
    job: Job = getattr(importlib.import_module(module), name)(*rest)
    resource.setrlimit(resource.RLIMIT_AS, (int(memory), int(memory)))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(largest_file), int(largest_file)))
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "r+b") as nothing:  # noqa: PTH123  whatever a library reads or prints must not touch the pipes
        os.dup2(nothing.fileno(), 0)
        os.dup2(nothing.fileno(), 1)
    serve(job, source, sink, int(memory) // 2)


if __name__ == "__main__":
    main(sys.argv[1:])
