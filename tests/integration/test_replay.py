"""Whole replays over a store: time, grouping, disputes, comparison and the report. Only the judging is made up."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from html.parser import HTMLParser

import pytest
from replay_samples import HARBOUR, LINE, POLICY, START, assessed, detector, item, judged

from bot.domain import Decision, Mode, Relation
from bot.ports import Abstained
from bot.replay.archive import item_of
from bot.replay.compare import Change, compare
from bot.replay.judging import failed
from bot.replay.records import record_of
from bot.replay.report import escaped, html, markdown, write_report
from bot.replay.rows import alert_row, alert_rows, compared_row
from bot.replay.run import Prejudged, Replay, Setting, kind_of
from bot.replay.story import differ, tell

DOZEN = "Norland will send a dozen tanks to Sudland, the premier said."
FLEET = "The whole army museum of Norland goes on loan abroad next spring."
NOTHING = "The weather stayed fine along the coast of Norland all week."
DENIAL = "Norland denies reports that it would send a dozen tanks to Sudland."


def refuse(lines):
    raise AssertionError("nothing is judged anew")


class Bench:
    """Replays articles of which each says what it is told to say."""

    def __init__(self, folder):
        self.folder = folder
        self.made = []

    def says(self, name, *found, hours=0, outlet="", **shape):
        """Add an article; `found` are (words, relation, probability)."""
        one = item(name, *(words for words, *_ in found), NOTHING, hours=hours, outlet=outlet)
        self.made.append((one, judged(one, *(assessed(one, w, r, probability=p, **shape) for w, r, p in found))))
        return one

    def run(self, policy=POLICY, lines=(LINE,), name="replay.db"):
        items = sorted((one for one, _ in self.made), key=lambda one: one.at)
        records = {one.article.id: record_of(made) for one, made in self.made}
        setting = Setting(lines=tuple(lines), policy=policy, model="sample")
        return Replay(self.folder / name, detector=detector(), judge_lines=refuse).run(items, records, setting)


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def test_an_old_article_alerts_at_its_own_time(bench):
    bench.says("a", (DOZEN, Relation.CONTRADICTION, 0.9), hours=5)
    (row,) = alert_rows(bench.run())
    assert row == {
        "at": (START + timedelta(hours=5)).isoformat(),
        "position": "no-tanks",
        "relation": "contradiction",
        "statement": DOZEN,
        "speaker": "Ada Berg",
        "document": "a",
        "probability": 0.9,
        "corroborations": 0,
        "disputed": False,
    }


def test_alerts_come_in_the_order_of_time_and_one_shift_makes_one_with_its_reports_counted(bench):
    bench.says("late", (FLEET, Relation.NEW_OFFER, 0.8), hours=30)
    bench.says("first", (DOZEN, Relation.CONTRADICTION, 0.9), hours=1)
    for number in range(3):
        bench.says(f"copy{number}", (DOZEN, Relation.CONTRADICTION, 0.9), hours=2 + number)
    rows = alert_rows(bench.run())
    assert [(row["document"], row["corroborations"]) for row in rows] == [("first", 3), ("late", 0)]


def test_two_positions_of_one_article_make_an_alert_each(bench):
    one = item("a", DOZEN, FLEET)
    found = (
        assessed(one, DOZEN, Relation.CONTRADICTION),
        assessed(one, FLEET, Relation.SOFTENING, line=HARBOUR),
    )
    bench.made.append((one, judged(one, *found)))
    assert {row["position"] for row in alert_rows(bench.run(lines=(LINE, HARBOUR)))} == {"no-tanks", "harbour"}


def test_a_denial_marks_the_alert_as_disputed(bench):
    bench.says("a", (DOZEN, Relation.CONTRADICTION, 0.9))
    bench.says("b", (DENIAL, Relation.CONSISTENT, 0.9), hours=4, mode=Mode.DENIAL, speaker="Bo Lund")
    replayed = bench.run()
    (row,) = alert_rows(replayed)
    assert row["disputed"] is True
    (told,) = tell(replayed, "archive").chapters[0].alerts
    assert told.headline.startswith("Disputed: ")
    assert DENIAL in told.disputes[0]


def test_a_statement_older_than_the_line_is_silent(bench):
    bench.says("a", (DOZEN, Relation.CONTRADICTION, 0.9))
    replayed = bench.run(lines=(replace(LINE, since=date(2024, 6, 1)),))
    assert not replayed.alerts
    assert replayed.silent == {"older than the line on record": 1}


def test_what_was_not_read_or_failed_is_counted(bench):
    one, two = item("wall", NOTHING), item("odd", FLEET, hours=1)
    bench.made.append((one, judged(one, abstained=Abstained(reason="consent_wall"))))
    bench.says("a", (DOZEN, Relation.CONTRADICTION, 0.9), hours=2)
    items = [one, two, bench.made[1][0]]
    records = {each.article.id: record_of(made) for each, made in bench.made}
    records[two.article.id] = failed(two.article, ValueError())
    setting = Setting(lines=(LINE,), policy=POLICY, model="sample")
    found = Replay(bench.folder / "x.db", detector=detector(), judge_lines=refuse).run(items, records, setting)
    assert found.skipped == {"consent_wall": 1}
    assert found.outcomes == {"skipped": 1, "failed": 1, "assessed": 1}
    told = " ".join(tell(found, "x", unread=2).unheard)
    assert "consent wall" in told
    assert "2 parts of the archive" in told


def test_a_second_run_into_the_same_store_gives_the_same(bench):
    bench.says("a", (DOZEN, Relation.CONTRADICTION, 0.9))
    assert alert_rows(bench.run()) == alert_rows(bench.run())


def test_an_empty_span_gives_a_report_that_says_so(bench):
    replayed = bench.run()
    assert (replayed.days, alert_rows(replayed)) == (0, [])
    assert "no article" in tell(replayed, "x").summary[0]


def test_sentences_that_a_copy_has_are_left_out():
    one = item("a", DOZEN, FLEET)
    made = judged(one, assessed(one, DOZEN, Relation.CONTRADICTION), assessed(one, FLEET, Relation.NEW_OFFER))
    judge = Prejudged((LINE,), POLICY, {one.article.id: record_of(made)}, lambda: refuse(()))
    kept = judge.judge(one.article, one.at, known={0}).assessments
    assert [assessment.candidate.statement.text for assessment, _ in kept] == [FLEET]
    assert len(judge.judge(one.article, one.at).assessments) == 2


def test_an_article_judged_against_other_lines_is_judged_now(bench):
    class Now:
        def judge(self, one, known):
            return judged(one, assessed(one, DOZEN, Relation.SOFTENING))

    one = item("a", DOZEN)
    found = Prejudged((LINE,), POLICY, {}, Now).judge(one.article, one.at)
    assert found.assessments[0][0].relation is Relation.SOFTENING


def test_a_higher_threshold_lets_the_weaker_alert_vanish(bench):
    bench.says("strong", (DOZEN, Relation.CONTRADICTION, 0.9))
    bench.says("weak", (FLEET, Relation.NEW_OFFER, 0.6), hours=30)
    found = compare(bench.run(), bench.run(policy=replace(POLICY, alert_at=0.8), name="second.db"))
    assert [(one.document, one.change) for one in found] == [("strong", Change.STAYS), ("weak", Change.VANISHES)]
    assert compared_row(found[1])["change"] == "vanishes"
    back = compare(bench.run(policy=replace(POLICY, alert_at=0.8), name="second.db"), bench.run())
    assert [one.change for one in back] == [Change.STAYS, Change.APPEARS]


def test_a_shift_opened_by_another_report_of_it_stays(bench):
    bench.says("early", (DOZEN, Relation.CONTRADICTION, 0.6))
    bench.says("later", (DOZEN, Relation.CONTRADICTION, 0.9), hours=2)
    found = compare(bench.run(), bench.run(policy=replace(POLICY, alert_at=0.8), name="second.db"))
    assert [(one.document, one.change) for one in found] == [("early", Change.STAYS)]


def test_the_report_stands_alone_and_shows_every_alert_with_its_words_line_and_picture(bench, tmp_path):
    bench.says("first", (DOZEN, Relation.CONTRADICTION, 0.9), outlet="The <Gazette>")
    bench.says("second", (DOZEN, Relation.CONTRADICTION, 0.9), hours=1)
    replayed = bench.run(lines=(LINE, HARBOUR))
    second = bench.run(policy=replace(POLICY, alert_at=0.99), lines=(LINE, HARBOUR), name="b.db")
    story = tell(replayed, "my archive", difference=differ(compare(replayed, second), "a threshold of 0.99"))
    page = write_report(tmp_path / "report", story, alert_rows(replayed))
    text = page.read_text()
    for words in (DOZEN, LINE.baseline, "<svg", "1 would vanish", "the harbour of Eastport", "The &lt;Gazette&gt;"):
        assert words in text, words
    assert "<Gazette>" not in text
    assert "src=" not in text
    assert (tmp_path / "report" / "timelines" / "no-tanks.png").read_bytes().startswith(b"\x89PNG")
    plain = (tmp_path / "report" / "report.md").read_text()
    assert f"**{DOZEN}**" in plain
    assert "timelines/no-tanks.png" in plain
    assert len((tmp_path / "report" / "alerts.jsonl").read_text().splitlines()) == 1
    assert "Would vanish:" in plain
    assert "Would stay" not in plain


def test_the_picture_marks_what_the_desk_would_have_been_told_of_and_no_silent_echo(bench):
    bench.says("first", (DOZEN, Relation.CONTRADICTION, 0.9))
    bench.says("second", (DOZEN, Relation.CONTRADICTION, 0.9), hours=1)
    bench.says("echo", (DOZEN, Relation.CONTRADICTION, 0.9), hours=24 * 9)
    (chapter,) = tell(bench.run(), "x").chapters
    assert [(point.outlet, point.alerted) for point in chapter.points] == [
        ("Paper echo", False),
        ("Paper second", True),
        ("Paper first", True),
    ]


def test_what_stays_is_listed_in_both_reports(bench):
    bench.says("strong", (DOZEN, Relation.CONTRADICTION, 0.9))
    again = bench.run(policy=replace(POLICY, alert_at=0.8), name="b.db")
    story = tell(bench.run(), "x", difference=differ(compare(bench.run(), again), "a threshold of 0.8"))
    assert "Would stay:" in markdown(story)
    assert "<summary>Would stay</summary>" in html(story)


def test_the_page_closes_what_it_opens(bench):
    class Balance(HTMLParser):
        def __init__(self):
            super().__init__()
            self.open = []

        def handle_starttag(self, tag, attributes):
            if tag not in {"meta", "link", "br", "img"}:
                self.open.append(tag)

        def handle_endtag(self, tag):
            assert self.open.pop() == tag

    bench.says("a", (DOZEN, Relation.CONTRADICTION, 0.9))
    bench.says("b", (FLEET, Relation.SOFTENING, 0.25), hours=9)
    balance = Balance()
    balance.feed(html(tell(bench.run(policy=replace(POLICY, digest_at=0.1)), "x")))
    assert balance.open == []


def test_near_misses_are_told(bench):
    bench.says("a", (FLEET, Relation.SOFTENING, 0.25), hours=9)
    replayed = bench.run(policy=replace(POLICY, alert_at=0.6, digest_at=0.1))
    assert replayed.lines[0].rows[0].decision is Decision.DIGEST
    assert FLEET in markdown(tell(replayed, "x")).replace("\\", "")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a *bold* [link](http://x) <b>", r"a \*bold\* \[link\](http://x) \<b\>"),
        ("1. no list", r"1\. no list"),
        ("- no list", r"\- no list"),
        ("plain words", "plain words"),
    ],
)
def test_text_from_elsewhere_is_no_mark_up(text, shown):
    assert escaped(text) == shown


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("no shift: 0.12, threshold 0.30", "no shift"),
        ("shift at 0.81, threshold 0.30; repeats a shift that the desk was told of on 14 Jan 2026, 10:20 UTC",
         "repeats a shift that the desk was told of"),
        ("published more than 7 days ago", "published"),
        ("a question is no one's stance", "a question is no one's stance"),
    ],
)  # fmt: skip
def test_reasons_are_counted_without_their_figures(reason, kind):
    assert kind_of(reason) == kind


def test_the_same_archive_alerts_alike_whether_its_articles_have_addresses(bench):
    one = item("a", DOZEN, url="https://x.example/a")
    assert item_of("a", one.article).article.url == "https://x.example/a"
    bench.made.append((one, judged(one, assessed(one, DOZEN, Relation.CONTRADICTION))))
    replayed = bench.run()
    assert alert_row(replayed.alerts[0], replayed.document(replayed.alerts[0]))["document"] == "a"
