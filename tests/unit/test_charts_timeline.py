"""The timeline's picture says what the ledger says, in SVG and PNG alike."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image

from bot.charts import geometry, png
from bot.charts.shapes import COLOURS, OUTLINES
from bot.charts.time_axis import ticks
from bot.charts.timeline import LineChange, TimelinePoint, timeline_png, timeline_svg
from bot.charts.trend import trend_svg, trend_words
from bot.domain import Relation

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
SVG = "{http://www.w3.org/2000/svg}"


def point(relation: Relation = Relation.SOFTENING, *, days: float = 0, **changes: object) -> TimelinePoint:
    values = {
        "words": "We could live with a pause, she said.",
        "speaker": "Adela Brandt",
        "outlet": "The Gazette",
        "url": "https://gazette.example/1",
        "alerted": False,
    }
    return TimelinePoint(at=NOW - timedelta(days=days), relation=relation, **(values | changes))


LINE = LineChange(at=datetime(2024, 12, 26, tzinfo=UTC), baseline="No pause, ever.")


def parsed(points, lines=(LINE,), title="Valdoria on the canal") -> ET.Element:
    return ET.fromstring(timeline_svg(points, lines, title=title))


def test_every_statement_is_a_link_that_tells_its_words_and_source():
    links = parsed([point(), point(Relation.HARDENING, days=3, url="http://b.example/2")]).findall(f".//{SVG}a")
    assert [link.get("href") for link in links] == ["http://b.example/2", "https://gazette.example/1"]
    told = links[1].find(f"{SVG}title").text
    assert told == links[1].get("aria-label")
    assert told == "20 Nov 2026, softening: “We could live with a pause, she said.” (Adela Brandt, The Gazette)"


def test_the_axis_runs_from_hard_to_soft_with_the_line_between():
    marks = {mark.relation: mark.y for mark in geometry.lay_out([point(r) for r in Relation], [], title="x").marks}
    order = [Relation.HARDENING, Relation.CONSISTENT, Relation.NEW_OFFER, Relation.SOFTENING, Relation.CONTRADICTION]
    assert sorted(marks, key=marks.__getitem__) == order
    assert Relation.UNRELATED not in marks


def test_a_reader_without_eyes_is_told_what_the_picture_shows():
    root = parsed([point(alerted=True), point(Relation.CONSISTENT, days=9)])
    assert root.find(f"{SVG}title").text == "Valdoria on the canal"
    summary = root.find(f"{SVG}desc").text
    assert summary.startswith(
        "2 statements from 11 Nov 2026 to 20 Nov 2026: 1 as on record, 1 softening. The desk was told of 1."
    )
    assert "since 26 Dec 2024: No pause, ever." in summary


def test_it_holds_nothing_that_a_strict_policy_forbids_whatever_a_feed_says():
    evil = '</svg><script>x</script>"onload="y'
    text = timeline_svg([point(words=evil, speaker=evil, outlet=evil, url="javascript:x")], [LINE], title=evil)
    root = ET.fromstring(text)
    assert root.findall(f".//{SVG}script") == []
    assert root.findall(f".//{SVG}a") == []
    assert not [1 for node in root.iter() for name in node.attrib if name == "style" or name.startswith("on")]


def test_colour_is_never_all_that_tells_kinds_apart():
    outlines = [OUTLINES.get(relation) for relation, _ in geometry.LANES]
    assert len(set(outlines)) == len(outlines)


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("relation", COLOURS)
def test_marks_stand_out_from_the_card(relation):
    assert 1.05 / (luminance(COLOURS[relation]) + 0.05) >= 4.5


def test_marks_at_one_moment_do_not_cover_each_other():
    marks = geometry.lay_out([point(words=str(n)) for n in range(5)], [], title="x").marks
    assert len({(mark.x, mark.y) for mark in marks}) == 5
    lane = [lane.y for lane in geometry.lay_out([], [], title="x").lanes][3]
    assert all(abs(mark.y - lane) < geometry.LANE / 2 for mark in marks)


def test_a_change_of_the_line_is_marked_and_one_before_the_axis_stands_at_its_start():
    later = LineChange(at=NOW - timedelta(days=10), baseline="A pause of ten years.")
    picture = geometry.lay_out([point(days=30), point()], [later, LINE], title="x")
    assert picture.rules[0].x == geometry.LEFT
    assert [rule.label for rule in picture.rules] == ["Line of 26 Dec 2024", "Line of 10 Nov 2026"]
    assert geometry.LEFT < picture.rules[1].x < geometry.WIDTH
    assert "A pause of ten years." in picture.rules[1].told


@pytest.mark.parametrize("days", [0, 0.2, 3, 20, 90, 400, 4000, 40000])
def test_the_axis_of_time_has_few_round_labels_within_the_picture(days):
    picture = geometry.lay_out([point(days=days), point()], [], title="x")
    assert 1 <= len(picture.ticks) <= 6
    assert all(geometry.LEFT <= tick.x <= geometry.WIDTH - geometry.RIGHT for tick in picture.ticks)
    assert len({tick.label for tick in picture.ticks}) == len(picture.ticks)


def test_the_year_is_named_where_it_is_new():
    labels = [label for _, label in ticks(datetime(2025, 11, 15, tzinfo=UTC), datetime(2026, 2, 15, tzinfo=UTC))]
    assert labels == ["1 Dec 2025", "1 Jan 2026", "1 Feb"]


def test_the_png_has_the_same_picture_on_a_ground_of_its_own():
    image = Image.open(io.BytesIO(timeline_png([point(alerted=True)], [LINE], title="Łódź’s line")))
    assert image.size == (1520, 856)
    colours = image.convert("RGB")
    assert colours.getpixel((20, 300)) == (255, 255, 255)
    picture = geometry.lay_out([point(alerted=True)], [LINE], title="x")
    mark = picture.marks[0]
    r, _, b = colours.getpixel((round(mark.x * 2), round(mark.y * 2)))
    assert b > r + 60, "a softening is blue and filled"


def test_an_empty_timeline_says_so():
    assert "No statements yet" in timeline_svg([], [], title="x")
    assert timeline_png([], [], title="x").startswith(b"\x89PNG")


def test_names_are_drawn_in_the_letters_that_the_font_has():
    assert png.drawable("Erdoğan, Łódź – “Orbán” \u0396") == "Erdogan, Lodz - “Orban”"


def test_a_trend_shows_each_week_and_says_it_in_words():
    weeks = [{}, {Relation.HARDENING: 2}, {Relation.SOFTENING: 1, Relation.NEW_OFFER: 1}]
    assert trend_words(weeks) == "in 3 weeks 2 hardenings, 1 new offer, 1 softening"
    root = ET.fromstring(trend_svg(weeks))
    assert len(root.findall(f"{SVG}rect")) == 2
    assert root.get("aria-label") == trend_words(weeks)
    assert trend_words([{}]) == "in 1 week no shift"
