from __future__ import annotations

from bot.core.attribution import Attribution
from bot.reading.layout import lay_out
from bot.reading.parts import pieces_of
from bot.reading.passages import PIECES, parseable


def test_of_an_endless_line_only_the_first_pieces_are_parsed():
    text = "the minister said that talks go on and " * 3000
    sentences = lay_out(text).sentences
    assert len(sentences) > 100
    assert list(parseable(text, sentences)) == list(sentences[:PIECES])


def test_of_sentences_that_end_every_one_is_parsed_and_scraps_are_not():
    text = "The minister said that talks go on.\n\nNo.\n\n" + "She said more of it. " * 3
    assert [text[s.start : s.end] for s in parseable(text, lay_out(text).sentences)] == [
        "The minister said that talks go on.",
        *["She said more of it."] * 3,
    ]


def test_a_content_with_and_without_its_quotation_marks_is_told_once():
    inner = Attribution(source=(20, 24), cue=(15, 19), contents=((1, 10),))
    outer = Attribution(source=(20, 24), cue=(15, 19), contents=((0, 12),))
    another = Attribution(source=(30, 34), cue=(15, 19), contents=((1, 10),))
    assert list(pieces_of([inner, outer, another], (0, 40))) == [((0, 12), outer), ((1, 10), another)]
    assert list(pieces_of([inner, inner], (0, 40))) == [((1, 10), inner)]
