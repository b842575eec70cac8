from __future__ import annotations

import pytest

from bot.reading.abstain import assess_readability
from bot.reading.language import identify_language

PROSE = (
    "The envoys met in the old customs house and talked until the evening. They agreed on a list of names, and on the day on "
    "which the buses would leave. Nobody spoke to the press, and the square before the house was empty by nine o'clock. "
)
GERMAN = (
    "Die Gesandten trafen sich im alten Zollhaus und sprachen bis zum Abend. Sie einigten sich auf eine Liste von Namen. "
    * 3
)
RUSSIAN = (
    "Посланники встретились в старой таможне и говорили до самого вечера. Они согласовали список имён и день отъезда. "
    * 2
)
UKRAINIAN = (
    "Посланці зустрілися у старій митниці й розмовляли до самого вечора. Вони погодили перелік імен і день від'їзду. "  # noqa: RUF001 - Ukrainian
    * 2
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("  \n ", "empty"),
        (
            (
                "We use cookies. We and our 120 partners store and access information on a device. Accept all. "
                "Reject all. Manage preferences."
            ),
            "consent_wall",
        ),
        (
            "Before you continue to the site: we use cookies to deliver services. Accept all cookies or see our privacy policy.",
            "consent_wall",
        ),
        (
            "Checking your browser before accessing the site. Please enable JavaScript and cookies to continue. Ray ID: 1234",
            "captcha",
        ),
        ("Please verify you are human by completing the captcha below.", "captcha"),
        ("Access denied. You don't have permission to view this page.", "captcha"),
        (
            "The envoys met in the old customs house on Monday. Subscribe to continue reading. Already a subscriber? Log in.",
            "paywall",
        ),
        ("The envoys met. This article is for subscribers only. Start your free trial today.", "paywall"),
        ("\n".join(f"Envoys meet in town number {n} as talks go on" for n in range(20)), "index_page"),
        (GERMAN, "language"),
        (RUSSIAN, "language"),
    ],
)
def test_what_is_no_article_is_named(text, reason):
    abstained = assess_readability(text)
    assert abstained is not None
    assert abstained.reason == reason


@pytest.mark.parametrize(
    "text",
    [
        PROSE,
        PROSE * 4 + "\nWe use cookies. Accept all.",
        PROSE * 6 + "\nSubscribe to continue reading our newsletter.",
        "Question: And now?\n\nLev Orlin: We wait for the answer.\n\n" * 8,
        "The privacy policy of the ministry was the subject of the hearing on Monday. " + PROSE * 3,
    ],
)
def test_articles_are_read(text):
    assert assess_readability(text) is None


@pytest.mark.parametrize(
    ("text", "language"), [(PROSE, "en"), (GERMAN, "de"), (RUSSIAN, "ru"), (UKRAINIAN, "uk"), ("Moscow", "")]
)
def test_languages_are_told_where_there_is_enough_text(text, language):
    assert identify_language(text) == language


def test_english_is_told_without_loading_the_model(monkeypatch):
    monkeypatch.setattr("bot.reading.language._identifier", lambda: pytest.fail("the model was asked for"))
    assert identify_language(PROSE) == "en"
    assert identify_language(f"{PROSE}{PROSE}".upper()) == "en"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (
            "Het is voor ons de vraag of we dit jaar op tijd zijn. Is er een weg, of is het te laat? We weten of het is.",
            "nl",
        ),
        (
            "Ministeren sagde, at by for by skal have to skoler, og at prisen for is er for høj for børnene i byen.",
            "da",
        ),
        (
            "Es ist das, was ist, und was wir von dem halten, was war. Die Frage ist, was die Not lehrt, die wir haben.",
            "de",
        ),
    ],
)
def test_words_that_look_like_englishs_small_ones_make_no_english(text, language):
    assert identify_language(text * 3) == language


def test_a_language_that_is_asked_for_is_read():
    assert assess_readability(GERMAN, languages={"en", "de"}) is None
