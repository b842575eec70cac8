"""robots.txt: what each answer means, how long it holds, and that it is asked once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from bot.core.policies import PollPolicy
from bot.core.schedule import Outcome
from bot.feeds import robots
from bot.feeds.hosts import HostTurns
from bot.feeds.http import Fetched, Unfetched, Wanted
from bot.feeds.robots import Robots, read_rules

PAGE = "https://paper.example/story"


class FakeFetcher:
    """Gives every address the same answer, after letting others run."""

    def __init__(self, status: int = 200, body: bytes = b"", fails: Outcome | None = None) -> None:
        self.policy = PollPolicy(user_agent="walkback/1.0 (+https://desk.example)")
        self.hosts = HostTurns(1.0)
        self.asked: list[str] = []
        self.status, self.body, self.fails = status, body, fails

    async def get(self, wanted: Wanted) -> Fetched | Unfetched:
        self.asked.append(wanted.url)
        await asyncio.sleep(0)
        if self.fails is not None:
            return Unfetched(outcome=self.fails, problem="so it is", url=wanted.url)
        return Fetched(url=wanted.url, status=self.status, headers={}, body=self.body)


def refusals(fetcher: FakeFetcher, *urls: str) -> Sequence[str | None]:
    async def ask() -> Sequence[str | None]:
        rules = Robots(fetcher)
        return await asyncio.gather(*(rules.refusal(url) for url in urls))

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("fetcher", "why"),
    [
        (FakeFetcher(body=b"User-agent: *\nDisallow: /story"), "robots.txt does not allow it"),
        (FakeFetcher(body=b"User-agent: walkback\nDisallow: /\n\nUser-agent: *\nAllow: /"), "robots.txt does not allow it"),
        (FakeFetcher(body=b"User-agent: other\nDisallow: /"), None),
        (FakeFetcher(body=b"User-agent: *\nDisallow: /\nAllow: /story"), None),
        (FakeFetcher(body=b"\xff\xfe no rules at all \0"), None),
        (FakeFetcher(404), None),
        (FakeFetcher(403), None),
        (FakeFetcher(503), "robots.txt answers 503"),
        (FakeFetcher(fails=Outcome.TIMEOUT), "robots.txt cannot be read (so it is)"),
        (FakeFetcher(fails=Outcome.TOO_LARGE), None),
    ],
)  # fmt: skip
def test_each_answer_has_its_meaning(fetcher: FakeFetcher, why: str | None) -> None:
    assert refusals(fetcher, PAGE) == [why]


def test_many_who_ask_at_once_make_one_request_for_each_scheme_host_and_port() -> None:
    fetcher = FakeFetcher(404)
    refusals(fetcher, PAGE, PAGE, f"{PAGE}/2", "http://paper.example/", "https://paper.example:8443/")
    assert sorted(fetcher.asked) == [
        "http://paper.example:80/robots.txt",
        "https://paper.example:443/robots.txt",
        "https://paper.example:8443/robots.txt",
    ]


@pytest.mark.parametrize(("status", "kept_s"), [(404, robots.KEPT_S), (200, robots.KEPT_S), (500, robots.RETRIED_S)])
def test_rules_hold_for_a_day_and_a_failing_server_is_asked_again_sooner(status: int, kept_s: float) -> None:
    async def run() -> list[int]:
        fetcher, loop = FakeFetcher(status), asyncio.get_running_loop()
        rules, began, counts = Robots(fetcher), loop.time(), []
        for passed_s in (0.0, kept_s - 60.0, kept_s + 60.0):
            loop.time = lambda passed_s=passed_s: began + passed_s
            await rules.refusal(PAGE)
            counts.append(len(fetcher.asked))
        del loop.time
        return counts

    assert asyncio.run(run()) == [1, 1, 2]


def test_the_hosts_met_longest_ago_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(robots, "MOST_HOSTS", 2)
    fetcher = FakeFetcher(404)

    async def run() -> None:
        rules = Robots(fetcher)
        for host in ("a", "b", "a", "c", "a", "b"):
            await rules.refusal(f"https://{host}.example/")

    asyncio.run(run())
    assert [url[8] for url in fetcher.asked] == ["a", "b", "c", "b"]


@pytest.mark.parametrize(("asked", "gap_s"), [(b"7", 7.0), (b"900", robots.LONGEST_DELAY_S), (b"0.2", 1.0)])
def test_a_crawl_delay_lengthens_the_host_s_gap_within_bounds(asked: bytes, gap_s: float) -> None:
    fetcher = FakeFetcher(body=b"User-agent: *\nCrawl-delay: " + asked)
    refusals(fetcher, PAGE)
    fetcher.hosts.ended("paper.example", 0.0)
    assert fetcher.hosts.wait_s("paper.example", 0.0) == gap_s


def test_rules_that_would_be_slow_to_match_are_left_out_and_stars_in_a_row_are_one() -> None:
    body = "\ufeffUser-agent: *\nDisallow: /" + "*a" * 9 + "\nDisallow: /" + "x" * 600 + "\nDisallow: /b***c"
    rules = read_rules(body.encode())
    assert rules.can_fetch("https://paper.example/" + "za" * 9, "walkback")
    assert rules.can_fetch("https://paper.example/" + "x" * 600, "walkback")
    assert not rules.can_fetch("https://paper.example/b-to-c", "walkback")
