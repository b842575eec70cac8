from __future__ import annotations

import importlib.util
import pkgutil

import pytest
import spacy.lang

from bot.reading import language
from bot.reading.language import identify_language, unread_passages
from bot.reading.layout import lay_out
from bot.reading.sentences import paragraphs

ENGLISH = "The envoys met for the third time in the old customs house, and they talked until late in the evening."
GERMAN = (
    "Wir werden in diesem Winter keine Panzer schicken, und wir haben das auch niemals versprochen, denn die Lager sind "
    "seit dem Sommer leer."
)
FRENCH = (
    "Nous ne livrerons pas de chars cet hiver, et nous ne l'avons jamais promis, parce que les entrepôts sont vides depuis "
    "longtemps déjà."
)
RUSSIAN = (
    "Мы не будем поставлять танки этой зимой, и мы никогда этого не обещали, "
    "потому что склады стоят пустыми уже с прошлого лета, и все об этом знают."  # noqa: RUF001 - Cyrillic is the point
)


def found(text: str) -> list[tuple[str, str]]:
    return [(text[p.start : p.end], p.language) for p in unread_passages(text, paragraphs(text))]


@pytest.mark.parametrize(("foreign", "language"), [(GERMAN, "de"), (FRENCH, "fr"), (RUSSIAN, "ru")])
def test_a_paragraph_in_another_language_is_named_with_it(foreign, language):
    assert found(f"{ENGLISH}\n\n{foreign}\n\n{ENGLISH}") == [(foreign, language)]


def test_a_long_quotation_inside_an_english_paragraph_is_named():
    text = f"{ENGLISH} “{GERMAN}” was what they read on the poster by the door of the house."
    assert found(text) == [(f"“{GERMAN}”", "de")]


@pytest.mark.parametrize(
    "text",
    [
        ENGLISH,
        "“Nie wieder Krieg” stood on the poster by the door of the house where the envoys met in the evening.",
        "Ja.\n\nNein.\n\nVielleicht.",
        "CUSTOMS HOUSE TALKS: ENVOYS OF BOTH SIDES IN THE BUILDING, THAT IS ALL WE KNOW FOR NOW, SAID THE HARBOUR OFFICE",
        "",
    ],
    ids=["English", "short quotation", "too short to tell", "capitals", "nothing"],
)
def test_english_and_what_is_too_short_to_tell_is_read(text):
    assert found(text) == []


def test_the_layout_leaves_out_the_sentences_that_are_not_read_and_no_others():
    text = f"{ENGLISH}\n\n{GERMAN}\n\nShe said: “{FRENCH}” Then they left the house and went to the harbour."
    layout = lay_out(text)
    read = " ".join(text[s.start : s.end] for s in layout.sentences)
    assert [passage.language for passage in layout.unread] == ["de", "fr"]
    assert ENGLISH in read
    assert "Then they left" in read
    assert "Panzer" not in read


SHORT_NEWS = (
    "A museum near the harbour opened its doors on Monday, and 240 visitors looked at the boats. Rain kept the gardeners of "
    "Winslade from the orchard."
)


@pytest.mark.parametrize("text", [f"{ENGLISH} {ENGLISH}", SHORT_NEWS, f"{SHORT_NEWS} {SHORT_NEWS}"])
def test_english_is_told_without_the_model(text, monkeypatch):
    monkeypatch.setattr(language, "_identifier", None)  # whoever asks it, fails
    identify_language.cache_clear()
    assert identify_language(text) == "en"


def test_names_and_headlines_are_no_reason_to_load_the_model(monkeypatch):
    monkeypatch.setattr(language, "_identifier", None)
    identify_language.cache_clear()
    assert (
        identify_language(
            "Harbour talks: envoys of Norland, Sudland at customs house in Harwick; Berg, Lund, Aker seen. " * 2
        )
        == ""
    )


def samples() -> list[tuple[str, str]]:
    """Return the library's own sample sentences, by language."""
    found = []
    for module in pkgutil.iter_modules(spacy.lang.__path__):
        if module.ispkg and importlib.util.find_spec(f"spacy.lang.{module.name}.examples"):
            sentences = importlib.import_module(f"spacy.lang.{module.name}.examples").sentences
            found += [(module.name, " ".join(sentences)), *((module.name, sentence) for sentence in sentences)]
    return found


def test_no_other_language_is_taken_for_english_by_its_small_words_and_the_model_is_asked_about_it():
    """Latin, which nobody writes news in, may pass unasked where it has none of the words that are looked for."""
    known = samples()
    assert len({name for name, _ in known}) > 50
    assert [name for name, text in known if name != "en" and language._is_english(text)] == []
    long = [(name, text) for name, text in known if sum(map(str.isalpha, text)) >= language.ENOUGH]
    unasked = {name for name, text in long if name != "en" and not language._may_be_foreign(text)}
    assert unasked <= {"la"}
