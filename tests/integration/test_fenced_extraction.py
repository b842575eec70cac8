"""Reading pages behind the fence gives what reading them here gives, and survives what does not."""

from __future__ import annotations

from bot.feeds.fenced import Limits
from bot.ports import Abstained, Extracted
from bot.reading.page import PageExtractor
from bot.stages.extraction import FencedExtractor

PARAGRAPHS = "".join(
    f"<p>The spokesman of the ministry said on day {n} that the line of the government on the talks has not changed, and that "
    f"nobody should expect it to change before the summer, whatever the papers write about it.</p>"
    for n in range(6)
)
PAGE = f"<html><head><title>The line holds</title></head><body><article><h1>The line holds</h1>{PARAGRAPHS}</article></body></html>"


def test_a_page_is_read_the_same_on_both_sides():
    fenced = FencedExtractor("bot.reading.page:PageExtractor")
    here = PageExtractor().extract(PAGE, url="https://paper.example/1")
    there = fenced.extract(PAGE, url="https://paper.example/1")
    wall = fenced.extract("<html><body></body></html>", url="https://paper.example/2")
    fenced.close()
    assert isinstance(here, Extracted)
    assert there == here
    assert isinstance(wall, Abstained)


def test_a_page_that_never_ends_or_breaks_the_reader_is_set_aside_with_its_reason(tmp_path, monkeypatch):
    (tmp_path / "page_readers.py").write_text(
        "class Odd:\n"
        "    def extract(self, page, *, url):\n"
        "        if page == 'spin':\n"
        "            while True: pass\n"
        "        raise ValueError('odd')\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    fenced = FencedExtractor("page_readers:Odd", limits=Limits(cpu_s=0.4, patience_s=0.1))
    found = [fenced.extract(page, url="u") for page in ("spin", "break", "\ud800")]
    fenced.close()
    assert [each.reason for each in found] == ["too_costly", "crash", "crash"]
