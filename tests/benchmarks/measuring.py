"""How the benchmarks measure and tell: warm-up, rounds, medians, and the load of the machine beside them."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Rate:
    """How many units a second: the median of the rounds, the slowest and the quickest of them, and CPU seconds a unit."""

    median: float
    least: float
    most: float
    cpu_ms: float

    def told(self) -> dict[str, float]:
        return {
            "per_s": _short(self.median),
            "least": _short(self.least),
            "most": _short(self.most),
            "cpu_ms": _short(self.cpu_ms),
        }


def rate(work: Callable[[], float], *, rounds: int, warm_up: bool = True) -> Rate:
    """Return the rate of `work`, which does some and returns how many units that were; CPU of this process alone."""
    if warm_up:
        work()
    rates, spent = [], []
    for _ in range(rounds):
        clock, processor = time.perf_counter(), time.process_time()
        units = work()
        rates.append(units / (time.perf_counter() - clock))
        spent.append((time.process_time() - processor) / units)
    return Rate(
        median=statistics.median(rates), least=min(rates), most=max(rates), cpu_ms=1000 * statistics.median(spent)
    )


def machine() -> dict[str, object]:
    """Return on what and beside what it was measured."""
    names = [line for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    return {
        "processor": names[0].partition(":")[2].strip() if names else platform.processor(),
        "cpus": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
    }


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def resident() -> dict[str, float]:
    """Return this process's memory in MB: resident now, at the most, and what of it is its own and not a file's."""
    told = dict(line.split(":", 1) for line in _lines("/proc/self/status") if ":" in line)
    return {
        name: round(int(told[key].split()[0]) / 1000, 1)
        for name, key in (("now", "VmRSS"), ("most", "VmHWM"), ("own", "RssAnon"))
        if key in told
    }


def options(about: str, *, rounds: int = 3) -> argparse.ArgumentParser:
    """Return a parser with what all benchmarks take."""
    parser = argparse.ArgumentParser(description=about.split("\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=rounds, help="measured rounds, after one to warm up")
    parser.add_argument("--json", type=Path, help="a file for the figures")
    return parser


def tell(figures: Mapping[str, object], file: Path | None) -> None:
    """Print figures as JSON, and write them to `file` where there is one."""
    text = json.dumps(figures, indent=1)
    sys.stdout.write(text + "\n")
    if file is not None:
        file.write_text(text + "\n", encoding="utf-8")


def _short(value: float) -> float:
    return float(f"{value:.3g}")
