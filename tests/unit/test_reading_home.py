from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.domain import Article, Holder
from bot.reading.home import Home, is_plain, states_in
from bot.reading.layout import lay_out
from bot.reading.reader import ArticleReader

READER = ArticleReader([Holder(name=name) for name in ("Russia", "Türkiye", "Poland", "Taiwan", "Lebanon", "Germany")])


def read(text: str, title: str = "", outlet: str = "") -> list[tuple[str, str]]:
    article = Article(id="a", url="", title=title, text=text, outlet=outlet, published=datetime(2026, 3, 2, tzinfo=UTC))
    return [(one.speaker, one.holder) for one in READER.read(article)]


@pytest.mark.parametrize(
    ("title", "text", "speaker", "holder"),
    [
        # the state stands somewhere in the article, not at the office
        ("", "ANKARA (Agency) — Prime Minister Ali Demir said the ban would stay.", "Ali Demir", "Türkiye"),
        ("Briefing by the ministry, Moscow, March 3", "The foreign ministry said the ban would stay.", "", "Russia"),
        (
            "Taiwan's president presents budget",
            "President Hsu Mei-lin said the sum would rise.",
            "Hsu Mei-lin",
            "Taiwan",
        ),
        (
            "Beirut drops plan",
            "Lebanon changes course. Interior Minister Joseph Haddad said it was over.",
            "Joseph Haddad",
            "Lebanon",
        ),
        ("", "In Ankara, a government spokesman said the ban would stay.", "government spokesman", "Türkiye"),
        (
            "",
            "The Turkish foreign minister left early. The foreign minister said the ban would stay.",
            "foreign minister",
            "Türkiye",
        ),
        ("Poland's chief negotiator Ewa Nowak speaks", "Ewa Nowak said the ban would stay.", "Ewa Nowak", "Poland"),
        ("", "Ewa Nowak, the ambassador of Poland, came late. Nowak said the ban would stay.", "Ewa Nowak", "Poland"),
        ("", "The head of the Polish delegation, Ewa Nowak, said the ban would stay.", "Ewa Nowak", "Poland"),
        ("", "Poland’s Foreign Minister Ewa Nowak said the ban would stay.", "Ewa Nowak", "Poland"),
        ("", "A European diplomat said that the Russians now want a pause.", "European diplomat", "Russia"),
        ("", "Two officials said that the Russian paper contains a pause.", "Two officials", "Russia"),
    ],
)
def test_an_office_without_its_state_is_that_of_the_article(title, text, speaker, holder):
    assert read(text, title)[-1][1] == holder
    assert not speaker or read(text, title)[-1][0] == speaker


@pytest.mark.parametrize(
    ("title", "text"),
    [
        # two states, and nothing that tells which
        (
            "",
            "The Turkish foreign minister met the Polish foreign minister. The foreign minister said the ban would stay.",
        ),
        (
            "Foreign minister’s call with the foreign minister of Poland",
            "The foreign minister said the ban would stay.",
        ),
        ("Polish and Turkish presidents meet", "The president said the ban would stay."),
        # another's office
        ("", "ANKARA (Agency) — Danish Prime Minister Mette Holm said the ban would stay."),
        ("", "ANKARA (Agency) — Former prime minister Ali Demir said the ban would stay."),
        ("", "ANKARA (Agency) — Opposition leader Ali Demir said the ban would stay."),
        ("", "ANKARA (Agency) — Ali Demir, a historian, said the ban would stay."),
        ("", "In Copenhagen, the prime minister said the ban would stay."),
        (
            "Poland summons Danish envoy",
            "The Danish ambassador came. Prime Minister Jens Holm said the ban would stay.",
        ),
        # a state is named, but its offices are not spoken of
        ("Sanctions on Russia", "London and Paris agreed on Russia. The prime minister said the ban would stay."),
        # the first mention leaves the state out: the office is at home, and the other state's is the guest's
        (
            "",
            "The foreign minister opened the session. The Polish foreign minister replied. The foreign minister said no.",
        ),
        (
            "Telephone call with the President of Poland: comment by the presidential aide",
            "The presidential aide said no.",
        ),
        ("Polish unions march", "The company president said the ban would stay."),
    ],
)
def test_between_two_states_nobody_is_guessed(title, text):
    assert read(text, title)[-1][1] == ""


def test_an_office_that_a_state_has_not_is_anothers():
    home = Home("WASHINGTON (Agency) — The day began late.", "", lay_out("WASHINGTON (Agency) — The day began late."))
    assert home.state_of("the president", 30) == "United States"
    assert home.state_of("the prime minister", 30) == ""


def test_an_official_site_speaks_of_its_own_offices():
    assert read("The president said the ban would stay.", outlet="President of Poland")[0][1] == "Poland"
    assert read("The president said the ban would stay.", outlet="The Warsaw Voice")[0][1] == ""


def test_who_answers_in_an_interview_holds_the_office_of_its_headline():
    text = (
        "Interviewer: Will you go?\n\nEwa Nowak: We will stay.\n\nInterviewer: Why?\n\nEwa Nowak: Nothing has changed."
    )
    assert read(text, "On the night train with Poland's chief negotiator")[1] == ("Ewa Nowak", "Poland")
    assert read(text, "On the night train with a novelist")[1] == ("Ewa Nowak", "")


@pytest.mark.parametrize(
    ("office", "plain"),
    [
        ("the foreign minister", True),
        ("Prime Minister", True),
        ("the Ministry of Foreign Affairs", True),
        ("government spokesman", True),
        ("the Danish prime minister", False),
        ("company president", False),
        ("former prime minister", False),
        ("opposition leader", False),
        ("Bavarian interior minister", False),
    ],
)
def test_an_office_is_plain_by_its_words_alone(office, plain):
    assert is_plain(office) is plain


@pytest.mark.parametrize(
    ("words", "states"),
    [
        ("the People's Republic of China and Iran’s", ["China", "Iran"]),
        ("South Korea, not North Korea", ["South Korea", "North Korea"]),
        ("polish the turkey", []),
    ],
)
def test_states_are_named_by_their_longest_names(words, states):
    assert list(states_in(words)) == states


@pytest.mark.parametrize(
    ("title", "outlet", "text", "holder"),
    [
        ("We stand - address by the President of Poland", "", "The ban must stay, and nothing else will do.", "Poland"),
        ("Briefing by the foreign ministry, Moscow, March 3", "", "The ban must stay.", "Russia"),
        ("Budget talks", "President of Poland", "There is no other way for us.", "Poland"),
        ("Budget talks", "President of Poland", "Prices rose in March.", ""),
        ("Budget talks", "President of Poland", "“Our soldiers” was the name of the film.", ""),
        ("Budget talks", "The Warsaw Voice", "There is no other way for us.", ""),
        ("Critics answer the statement by the President of Poland", "", "Germany wants the ban to stay.", "Germany"),
    ],
)
def test_an_officials_own_text_is_in_its_states_voice(title, outlet, text, holder):
    assert read(text, title, outlet)[0][1] == holder
