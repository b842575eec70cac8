"""What the conversation asks is answered from the store, and what it wants is carried out there."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, time, timedelta

import pytest
from shift_samples import NOW, TANKS, WORDS, alerted, said, seed
from sqlalchemy import Engine, select

from bot.core.daily import day_from
from bot.core.editions import Edit, EditKind, Piece
from bot.core.policies import DailyPolicy
from bot.core.sample import sample_record
from bot.domain import Article, ArticleState, Assessment, Decision, Feed, Position, Relation, Ruling
from bot.ports import Abstained, NewLine, Wish, WishKind
from bot.stages.conversation import NOT_MET, NOTHING_FOUND, STILL_WAITING, Conversation
from bot.stages.daily import Daily
from bot.stages.desk import DeskActions
from bot.stages.judge import JudgedArticle
from bot.store import articles, deliveries, edits, feeds, lessons, positions, schema, tallies
from bot.store.articles import Arrival
from bot.store.engine import snapshot, transaction

HOUR = timedelta(hours=1)
LATER = NOW + HOUR


class Judge:
    """Judges every text alike."""

    made = 0

    def __init__(self, tracked: Sequence[Position], found: Sequence[tuple[Assessment, Ruling]]) -> None:
        type(self).made += 1
        self.tracked, self.found = tracked, found

    def judge(self, article: Article, now: object) -> JudgedArticle:
        if article.text.startswith("Dies"):
            return JudgedArticle(article=article, abstained=Abstained(reason="language", detail="it is in German"))
        return JudgedArticle(article=article, assessments=tuple(self.found), sentences=1, dropped=Counter())


@pytest.fixture
def found(store: Engine) -> list[tuple[Assessment, Ruling]]:
    """The shift's assessment, with everything on file that a desk has after a week."""
    with transaction(store) as connection:
        seed(connection)
        said(
            connection,
            "old",
            "Norland sends no tanks, Berg said.",
            at=NOW - timedelta(days=9),
            relation=Relation.CONSISTENT,
        )
        alerted(connection, "k1", words=WORDS)
        alerted(connection, "k2", at=NOW - timedelta(days=3), words="Norland may lend some tanks, Berg said.")
        near = said(
            connection, "near", "Berg did not rule out tanks.", at=NOW - HOUR, relation=Relation.SOFTENING,
            decision=Decision.DIGEST, probability=0.25,
        )  # fmt: skip
        feeds.sync_feeds(
            connection, [Feed(url="https://a.example/f", name="A"), Feed(url="https://b.example/f", name="B")], NOW
        )
        broken = {"failures": 4, "last_outcome": "unreachable", "last_problem": "nobody answers"}
        connection.execute(schema.feeds.update().where(schema.feeds.c.name == "B").values(**broken))
    return [(near, Ruling(decision=Decision.ALERT, reason="shift at 0.25"))]


@pytest.fixture
def door(store: Engine, found: list[tuple[Assessment, Ruling]]) -> Conversation:
    return Conversation(
        store,
        configured=[TANKS],
        holders=[TANKS.holder],
        make_judge=lambda tracked: Judge(tracked, found),
        sample=lambda: (sample_record(NOW), "#desk"),
    )


def test_the_desk_sees_lines_open_alerts_what_to_judge_and_feeds(door: Conversation) -> None:
    sheet = door.desk(LATER)
    (line,) = sheet.lines
    assert (line.id, line.holder, line.baseline, line.revision) == ("no-tanks", "Norland", TANKS.baseline, 1)
    assert line.last_shift == "Norland contradicts earlier line on tanks"
    assert line.trend == (None,) * 11 + (2,)
    assert (line.quiet_days, line.muted_until) == (0, None)
    assert [alert.key for alert in sheet.open_alerts] == ["k1", "k2"]
    assert [(one.words, one.line, one.decision) for one in sheet.review] == [
        ("Berg did not rule out tanks.", TANKS.baseline, "digest"),
        ("Norland sends no tanks, Berg said.", TANKS.baseline, "alert"),
    ]
    assert [(feed.name, feed.problem) for feed in sheet.feeds] == [
        ("A", ""),
        ("B", "nobody answers (4 times in a row)"),
    ]
    assert (sheet.articles_today, sheet.waiting, sheet.troubled) == (2, 2, 0)


def test_an_alert_is_shown_with_a_draft_and_the_shifts_it_may_be(door: Conversation) -> None:
    sheet = door.alert("k1", LATER)
    assert sheet is not None
    assert (sheet.headline, sheet.words, sheet.standing) == ("Norland contradicts earlier line on tanks", WORDS, "")
    assert sheet.draft.startswith("Norland will send a dozen tanks")
    assert [choice.value for choice in sheet.same_as] == ["k2"]
    assert door.alert("unknown", LATER) is None


def test_a_decision_moves_the_line_and_stands_until_it_is_taken_back(door: Conversation, store: Engine) -> None:
    told = door.act(Wish(kind=WishKind.CONFIRM, by="@ada", subject="k1", wording="Norland sends twelve."), LATER)
    assert told.done
    second = door.act(Wish(kind=WishKind.REJECT, by="@bob", subject="k1", reason="misread"), LATER)
    assert (second.done, second.told) == (False, "@ada confirmed this shift on 1 Mar 2026, 13:00 UTC.")
    sheet = door.alert("k1", LATER)
    assert sheet is not None
    assert sheet.standing == second.told
    assert door.desk(LATER).lines[0].baseline == "Norland sends twelve."
    assert [alert.key for alert in door.desk(LATER).open_alerts] == ["k2"]
    with snapshot(store) as connection:
        verdict = connection.execute(select(schema.verdicts.c.id)).scalar_one()
    assert door.act(Wish(kind=WishKind.UNDO, by="@bob", subject=verdict), LATER).done
    assert door.desk(LATER).lines[0].baseline == TANKS.baseline
    assert [alert.key for alert in door.desk(LATER).open_alerts] == ["k1", "k2"]


def test_two_people_at_once_get_one_outcome_and_are_both_told(door: Conversation) -> None:
    start, told = threading.Barrier(2), {}

    def decide(name: str) -> None:
        start.wait()
        told[name] = door.act(Wish(kind=WishKind.REJECT, by=name, subject="k1", reason="old_news"), LATER)

    people = [threading.Thread(target=decide, args=(name,)) for name in ("@ada", "@bob")]
    for each in people:
        each.start()
    for each in people:
        each.join()
    assert sorted(answer.done for answer in told.values()) == [False, True]
    (first,) = (name for name, answer in told.items() if answer.done)
    (second,) = (answer for answer in told.values() if not answer.done)
    assert second.told.startswith(f"{first} judged this no shift (old news)")


def test_shifts_are_merged_and_positions_muted_and_unmuted(door: Conversation) -> None:
    assert door.act(Wish(kind=WishKind.MERGE, by="@ada", subject="k1", into="k2"), LATER).done
    assert [alert.key for alert in door.desk(LATER).open_alerts] == ["k2"]
    assert door.act(Wish(kind=WishKind.MUTE, by="@ada", subject="no-tanks", hours=6), LATER).done
    line = door.desk(LATER).lines[0]
    assert (line.muted_until, line.muted_by) == (LATER + 6 * HOUR, "@ada")
    assert door.act(Wish(kind=WishKind.UNMUTE, by="@bob", subject="no-tanks"), LATER).done
    assert door.desk(LATER).lines[0].muted_until is None


def test_a_line_that_somebody_tracks_is_there_at_once(door: Conversation, store: Engine) -> None:
    line = NewLine(
        holder="oster", topic="Grain exports' future", baseline="Norland exports no grain.", since=date(2026, 2, 1),
        topics=("wheat",),
    )  # fmt: skip
    told = door.act(Wish(kind=WishKind.TRACK, by="@ada", line=line), LATER)
    assert (told.done, told.told) == (True, "@ada tracks Norland on Grain exports' future from now on.")
    assert [each.id for each in door.desk(LATER).lines] == ["no-tanks", "norland-grain-exports-future"]
    with snapshot(store) as connection:
        assert positions.current(connection)["norland-grain-exports-future"].set_by == "@ada"
    assert not door.act(Wish(kind=WishKind.TRACK, by="@bob", line=line), LATER).done
    assert not door.act(Wish(kind=WishKind.TRACK, by="@bob"), LATER).done


def test_the_review_list_is_that_of_the_terminal_without_the_open_alerts(door: Conversation, store: Engine) -> None:
    with snapshot(store) as connection:
        listed = lessons.to_review(connection, since=LATER - timedelta(days=60))
    assert {entry.shift_key for entry in listed} == {None, "k1", "k2"}
    wanted = [entry.id for entry in listed if entry.shift_key is None]
    assert [one.id for one in door.desk(LATER).review] == wanted


def test_what_is_to_be_judged_stands_beside_the_line_of_its_day(door: Conversation) -> None:
    door.act(Wish(kind=WishKind.CONFIRM, by="@ada", subject="k1", wording="Norland sends twelve."), LATER)
    sheet = door.desk(LATER)
    assert sheet.lines[0].baseline == "Norland sends twelve."
    assert {one.line for one in sheet.review} == {TANKS.baseline}


def test_a_label_from_slack_is_the_row_that_the_terminal_files_and_leaves_the_list(
    door: Conversation, store: Engine
) -> None:
    first, second = door.desk(LATER).review
    wish = Wish(kind=WishKind.LABEL, by="@ada", subject=first.id, relation=Relation.NEW_OFFER)
    told = door.act(wish, LATER)
    assert (told.done, told.told) == (True, "@ada labelled this statement new_offer.")
    DeskActions(store).label(second.id, by="ada", now=LATER, relation="hardening")
    with snapshot(store) as connection:
        c = schema.verdicts.c
        rows = connection.execute(select(c.subject, c.standing, c.kind, c.into_key, c.reason, c.by, c.shift_key))
        assert {tuple(row) for row in rows} == {
            (f"label:{one.id}", f"label:{one.id}", "label", one.id, relation, by, "")
            for one, relation, by in ((first, "new_offer", "@ada"), (second, "hardening", "ada"))
        }
        assert {(one.reason, one.by) for one in lessons.taught(connection)} == {
            ("new_offer", "@ada"),
            ("hardening", "ada"),
        }
    assert door.desk(LATER).review == ()
    again = door.act(replace(wish, by="@bob", relation=Relation.SOFTENING), LATER)
    assert (again.done, again.told) == (False, "@ada labelled this statement (new_offer) on 1 Mar 2026, 13:00 UTC.")
    assert again.verdict == ""
    assert door.act(Wish(kind=WishKind.UNDO, by="@ada", subject=told.verdict), LATER).done
    assert [one.id for one in door.desk(LATER).review] == [first.id]
    assert not door.act(replace(wish, subject="gone"), LATER).done


def test_a_sample_goes_the_way_that_alerts_go(door: Conversation, store: Engine) -> None:
    assert door.act(Wish(kind=WishKind.TEST, by="@ada"), LATER).done
    with snapshot(store) as connection:
        (row,) = [row for row in deliveries.due(connection, LATER) if row.channel == "#desk"]
        assert row.position_id == ""


def test_why_tells_what_became_of_an_article(door: Conversation, store: Engine) -> None:
    reading = door.why("http://www.wire.example.com/a-k1?utm_source=x", LATER)
    assert (reading.title, reading.problem) == ("Title a-k1", "")
    (finding,) = reading.findings
    assert (finding.decision, finding.words) == ("alert", WORDS)
    assert finding.reason == "because; shift at 0.80, threshold 0.30"
    assert door.why("https://nobody.example/x", LATER).problem == NOT_MET
    with transaction(store) as connection:
        for name, state, reason in (("p", "pending", ""), ("s", "skipped", "consent_wall"), ("n", "assessed", "")):
            article = Article(id=name, url=f"https://x.example/{name}", title=name, text="Nothing.", published=NOW)
            articles.add(connection, [Arrival(article=article, entry_id=None)], NOW)
            if state != "pending":
                articles.mark(connection, name, ArticleState(state), reason, NOW)
    assert door.why("https://x.example/p", LATER).problem == STILL_WAITING
    assert door.why("https://x.example/s", LATER).problem == "It was not read: consent wall."
    assert door.why("https://x.example/n", LATER).problem == NOTHING_FOUND


def test_a_text_is_checked_as_an_article_is_read_and_nothing_is_kept(door: Conversation, store: Engine) -> None:
    made = Judge.made
    reading = door.check("Berg did not rule out that Norland would send tanks.", LATER)
    assert [finding.decision for finding in reading.findings] == ["alert"]
    assert "too short" in door.check("Tanks!", LATER).problem
    assert (
        door.check("Dies ist ein langer Text in einer anderen Sprache.", LATER).problem
        == "This text is not read: it is in German."
    )
    assert Judge.made == made + 1
    with snapshot(store) as connection:
        assert "check" not in {row.id for row in connection.execute(select(schema.articles.c.id))}


def test_a_positions_way_has_its_lines_and_what_was_said(door: Conversation) -> None:
    door.act(Wish(kind=WishKind.CONFIRM, by="@ada", subject="k1", wording="Norland sends twelve."), LATER)
    way = door.history("no-tanks", LATER)
    assert way is not None
    assert [line for _, line in way.lines] == ["Norland sends twelve.", TANKS.baseline]
    assert [finding.words for finding in way.findings][-1] == "Norland sends no tanks, Berg said."
    assert door.history("nothing", LATER) is None


def test_the_day_is_summed_up_once_at_its_hour(door: Conversation, store: Engine) -> None:
    door.act(Wish(kind=WishKind.REJECT, by="@ada", subject="k1", reason="old_news"), NOW)
    daily = Daily(store, [TANKS], DailyPolicy(at=time(14, 0), zone="Europe/Berlin", quiet_days=1.0), "#desk")
    at_hour = NOW + HOUR
    assert daily.run_once(at_hour - timedelta(minutes=1)) == 0
    assert daily.run_once(at_hour) == 1
    assert daily.run_once(at_hour + HOUR) == 0
    with snapshot(store) as connection:
        c = schema.deliveries.c
        record = connection.execute(select(c.payload).where(c.kind == "daily")).scalar_one()
    day = day_from(record)
    assert (day.day, day.shift_count, day.near_count, day.articles) == (date(2026, 3, 1), 1, 1, 2)
    (shift,) = day.shifts
    assert (shift.url, shift.outlet) == ("https://wire.example.com/a-k1", "Wire")
    assert shift.ending == "@ada judged this no shift (old news) on 1 Mar 2026, 12:00 UTC."
    assert day.failing == ("B: nobody answers (4 times in a row)",)
    assert day.fit == ()


def test_mondays_digest_says_how_the_bot_fits_what_it_reads(door: Conversation, store: Engine) -> None:
    door.act(Wish(kind=WishKind.REJECT, by="@ada", subject="k1", reason="old_news"), NOW)
    monday = NOW + timedelta(days=1)
    with transaction(store) as connection:
        for day, read, skipped in ((monday, 3, 1), (NOW - timedelta(days=9), 8, 2)):
            tallies.count(connection, day.date(), "assess", "assessed", "no tracked topic", read)
            tallies.count(connection, day.date(), "assess", "skipped", "consent_wall", skipped)
    assert Daily(store, [TANKS], DailyPolicy(at=time(12, 0)), "#desk").run_once(monday) == 1
    with snapshot(store) as connection:
        c = schema.deliveries.c
        record = connection.execute(select(c.payload).where(c.kind == "daily")).scalar_one()
    assert day_from(record).fit == (
        "articles that were not read: 25% of 4, 20% in the four weeks before",
        "articles read that touch no tracked topic: 100% of 3, 100% in the four weeks before",
        "verdicts that said “not a shift”: 100% of 1",
    )


def test_the_day_names_what_an_outlet_changed_of_a_statement_on_a_tracked_line(
    door: Conversation, store: Engine
) -> None:
    later = Article(
        id="a-k1-2", url="https://wire.example.com/a-k1", title="Title", text="Norland will send tanks.", published=NOW,
        outlet="Wire", revision=1,
    )  # fmt: skip
    was, weather = Piece(start=0, end=len(WORDS), text=WORDS), Piece(start=900, end=910, text="Rain fell.")
    changed = Edit(kind=EditKind.CHANGED, before=was, after=Piece(start=0, end=24, text=later.text))
    with transaction(store) as connection:
        articles.add(connection, [Arrival(article=later, entry_id=None)], NOW)
        gone = Edit(kind=EditKind.REMOVED, before=weather)
        edits.save(connection, later.id, "a-k1", [changed, gone], NOW, noticed=False)
    assert Daily(store, [TANKS], DailyPolicy(at=time(13, 0)), "#desk").run_once(NOW + HOUR) == 1
    with snapshot(store) as connection:
        c = schema.deliveries.c
        record = connection.execute(select(c.payload).where(c.kind == "daily")).scalar_one()
    assert day_from(record).edited == (f"Wire of Ada Berg: “{WORDS}”, now “Norland will send tanks.”, without a note",)


def test_who_has_been_quiet_for_long_is_named(door: Conversation, store: Engine) -> None:
    daily = Daily(store, [TANKS], DailyPolicy(at=time(13, 0), quiet_days=30), "#desk")
    assert daily.run_once(LATER + timedelta(days=40)) == 1
    with snapshot(store) as connection:
        record = connection.execute(
            select(schema.deliveries.c.payload).where(schema.deliveries.c.kind == "daily")
        ).scalar_one()
    assert day_from(record).quiet == ("Norland on tanks: nothing for 40 days",)


@pytest.mark.parametrize("hours", [-1, 7])
def test_a_digest_is_made_at_its_hour_and_not_long_after(door: Conversation, store: Engine, hours: int) -> None:
    daily = Daily(store, [TANKS], DailyPolicy(at=time(12, 0)), "#desk")
    assert daily.run_once(NOW + timedelta(hours=hours)) == 0
    assert Daily(store, [TANKS], None, "#desk").run_once(NOW) == 0
