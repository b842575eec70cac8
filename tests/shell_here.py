"""A shell whose `walkback` runs in this process: blocks of commands are run as they stand, without a start for each command."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from typed import Run

CALLER = f"""\
#!{sys.executable} -SE
import json, os, socket, sys
line = socket.create_connection(("127.0.0.1", int(os.environ["PORT_OF_THE_TEST"])))
told = {{k: v for k, v in os.environ.items() if k.startswith("WALKBACK_")}}
asked = {{"arguments": sys.argv[1:], "environment": told, "stdin": sys.stdin.read()}}
line.sendall(json.dumps(asked).encode() + b"\\n")
answer = json.loads(line.makefile().read())
sys.stdout.write(answer["out"])
sys.stderr.write(answer["err"])
sys.exit(answer["code"])
"""
LONGEST_S = 600.0
"""It only ends what hangs; a busy machine may take its time."""


class Done(NamedTuple):
    """How a script ended, and what it printed."""

    code: int
    out: str
    err: str


def run_script(script: str, folder: Path, run: Run, variables: set[str]) -> Done:
    """Run `script` with bash in `folder`, which is to be this process's own, too; it ends where a command fails.

    `variables` are those that a command may be given (`WALKBACK_…`); what the script does not set is not set.
    """
    place = folder / "bin"
    place.mkdir()
    (place / "walkback").write_text(CALLER, encoding="utf-8")
    (place / "walkback").chmod(0o755)
    out, err = folder / "bin" / "out", folder / "bin" / "err"
    with socket.create_server(("127.0.0.1", 0)) as server, out.open("wb") as told, err.open("wb") as complained:
        server.settimeout(0.02)
        environment = os.environ | {
            "PATH": f"{place}:{os.environ['PATH']}",
            "PORT_OF_THE_TEST": str(server.getsockname()[1]),
        }
        shell = subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=told,
            stderr=complained,
        )
        while shell.poll() is None:
            try:
                line, _ = server.accept()
            except TimeoutError:
                continue
            with line:
                line.settimeout(LONGEST_S)
                _answer(line, run, variables)
    return Done(code=shell.returncode, out=out.read_text(encoding="utf-8"), err=err.read_text(encoding="utf-8"))


def _answer(line: socket.socket, run: Run, variables: set[str]) -> None:
    asked = json.loads(line.makefile().readline())
    given = dict.fromkeys(variables, "") | asked["environment"]  # an empty variable counts as unset
    ended = run(*asked["arguments"], stdin=asked["stdin"], **given)
    line.sendall(json.dumps(ended._asdict()).encode())
