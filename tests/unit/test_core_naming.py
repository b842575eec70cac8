"""Names as whole words: the same answer as a search for each of them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.naming import NameIndex, short_forms
from bot.domain import Holder

NAMES = st.text(alphabet="aB .-'_é1@", min_size=1, max_size=6)


def searched(text: str, names: list[str]) -> bool:
    return any(name and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) for name in names)


@given(st.text(alphabet="aB .-'_é1@", max_size=40), st.lists(st.lists(NAMES, max_size=3), max_size=4))
def test_a_group_is_found_exactly_where_a_search_for_one_of_its_names_finds_it(
    text: str, groups: list[list[str]]
) -> None:
    wanted = {number for number, names in enumerate(groups) if searched(text, names)}
    assert NameIndex(groups).mentioned(text) == wanted


def test_names_of_several_words_and_with_stops_are_whole_words() -> None:
    index = NameIndex([["U.S."], ["United States"], ["US"], ["@desk"], [""]])
    assert index.mentioned("The U.S. and the United States, not the USA or U.S.A") == {0, 1}
    assert index.mentioned("Said @desk to US officials") == {2, 3}
    assert index.mentioned("") == set()


@pytest.mark.parametrize(
    ("name", "aliases", "forms"),
    [
        ("European Central Bank", (), ("ECB",)),
        ("Rail union GVB", (), ("GVB",)),
        ("European Central Bank", ("ECB",), ()),
        ("United States", ("US",), ()),
        ("Nordmark Motors", (), ()),
        ("coalition of the willing", (), ()),
    ],
)
def test_a_body_is_called_by_its_initials(name: str, aliases: tuple[str, ...], forms: tuple[str, ...]) -> None:
    assert short_forms(Holder(name=name, aliases=aliases)) == forms
