"""The fence: limits on a job's time and memory, processes replaced, honest jobs not disturbed."""

from __future__ import annotations

import os
import threading
import time

import pytest

from bot.feeds.fenced import Broken, Fence, FencedParser, Limits
from bot.feeds.parsed import ParsedFeed

FEED = b"<rss version='2.0'><channel><item><title>x</title></item></channel></rss>"
HOG = (
    b"<rss><channel><item "
    + b" ".join(b'a%d="1"' % n for n in range(20_000))
    + b"><title>x & y</title></item></channel>"
)


@pytest.fixture
def jobs(tmp_path, monkeypatch):
    """A module of jobs in a folder on the path, as the process behind the fence sees it."""
    (tmp_path / "fence_jobs.py").write_text(
        "import os, time\n"
        "def make():\n"
        "    def job(body, what):\n"
        "        if what == 'spin':\n"
        "            while True: pass\n"
        "        if what == 'sleep': time.sleep(60)\n"
        "        if what == 'grow': return len(bytearray(2_000_000_000))\n"
        "        if what == 'die': os._exit(7)\n"
        "        if what == 'raise': raise KeyError('nothing')\n"
        "        if what == 'write': open(body.decode(), 'w').write('x')\n"
        "        if what == 'secrets': return sorted(os.environ)\n"
        "        if what == 'print': print('noise'); os.write(1, b'noise')\n"
        "        return [what, len(body), os.getpid()]\n"
        "    return job\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    with Fence("fence_jobs:make", limits=Limits(cpu_s=0.5, patience_s=0.1, wall_s=2.0), workers=1) as fence:
        yield fence


def test_a_job_gets_its_result_and_the_process_is_kept(jobs):
    first, second = jobs.call(b"abc", what="plain"), jobs.call(b"", what="plain")
    assert first[:2] == ["plain", 3]
    assert first[2] == second[2] != os.getpid()


@pytest.mark.parametrize(
    ("what", "kind"), [("spin", "time"), ("sleep", "time"), ("grow", "memory"), ("die", "crash"), ("raise", "crash")]
)
def test_a_job_that_breaks_its_limits_is_ended_and_the_next_is_done(jobs, what, kind):
    broken = jobs.call(b"", what=what)
    assert isinstance(broken, Broken)
    assert broken.kind == kind
    assert broken.problem
    assert jobs.call(b"", what="plain")[0] == "plain"


def test_the_process_writes_no_files_and_knows_no_secrets(jobs, tmp_path, monkeypatch):
    monkeypatch.setenv("WALKBACK_SLACK_TOKEN", "xoxb-secret")
    target = tmp_path / "written"
    jobs.call(str(target).encode(), what="write")
    assert not target.exists() or target.stat().st_size == 0
    assert "WALKBACK_SLACK_TOKEN" not in jobs.call(b"", what="secrets")


def test_what_a_library_prints_does_not_disturb_the_answer(jobs):
    assert jobs.call(b"", what="print")[0] == "print"


def test_honest_jobs_pass_while_hogs_are_in_the_fence():
    with_hogs = FencedParser(Limits(cpu_s=0.5, patience_s=0.1), workers=1)
    with_hogs.parse(FEED)
    hogs = [threading.Thread(target=with_hogs.parse, args=(HOG,)) for _ in range(3)]
    for hog in hogs:
        hog.start()
    finished = []
    for _ in range(5):
        time.sleep(0.1)
        assert isinstance(with_hogs.parse(FEED), ParsedFeed)
        finished.append(sum(not hog.is_alive() for hog in hogs))
    for hog in hogs:
        hog.join()
    with_hogs.close()
    assert finished[0] < 3


def test_a_closed_fence_leaves_no_process():
    parser = FencedParser()
    parser.parse(FEED)
    (worker,) = parser._fence._all
    parser.close()
    assert not worker.alive()
