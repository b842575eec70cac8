from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from bot.errors import InputError
from bot.training.vocabulary import trimmed, whole

LETTERS = "abcdefgh"
WORDS = ["dead", "beef", "cafe", "bad", "head", "##ed", "##ad", "##afe", "1999", "##99"]
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS, *LETTERS, *(f"##{letter}" for letter in LETTERS)]


def tokenizer() -> str:
    made = Tokenizer(models.WordPiece({token: i for i, token in enumerate(VOCABULARY)}, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]"])
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return made.to_str()


BEFORE = Tokenizer.from_str(tokenizer())
CUT = trimmed(tokenizer(), seen=["cafe", "a cafe", "head head"], frequent=5)
AFTER = Tokenizer.from_str(CUT.tokenizer)


def test_what_was_seen_twice_what_is_frequent_and_what_is_needed_stays_and_the_rest_goes() -> None:
    kept = {BEFORE.id_to_token(id_) for id_ in CUT.kept}
    assert {"cafe", "dead", "1999", "##99", "[SEP]", *LETTERS} <= kept
    assert not {"beef", "head", "##ed"} & kept
    assert len(CUT.kept) == AFTER.get_vocab_size()


def test_a_kept_word_is_the_same_row_of_the_embeddings_as_before() -> None:
    for text in ("cafe", "dead 1999"):
        assert [CUT.kept[id_] for id_ in AFTER.encode(text, "dead").ids] == BEFORE.encode(text, "dead").ids


@given(st.text(alphabet=LETTERS + " ", max_size=30))
def test_no_word_becomes_unknown_that_was_not(text: str) -> None:
    assert AFTER.encode(text).tokens.count("[UNK]") == BEFORE.encode(text).tokens.count("[UNK]") == 0


def test_a_word_that_went_falls_to_its_pieces() -> None:
    assert AFTER.encode("beef").tokens == ["[CLS]", "b", "##e", "##e", "##f", "[SEP]"]


def test_a_piece_with_a_letter_that_has_none_of_its_own_stays() -> None:
    made = json.loads(tokenizer())
    made["model"]["vocab"] |= {"xyz": len(VOCABULARY), "abba": len(VOCABULARY) + 1}
    cut = Tokenizer.from_str(trimmed(json.dumps(made), seen=[], frequent=4).tokenizer)
    assert cut.encode("xyz").tokens[1:-1] == ["xyz"]
    assert cut.encode("abba").tokens[1:-1] == ["a", "##b", "##b", "##a"]


def test_robertas_ends_are_given_their_new_ids() -> None:
    made = json.loads(tokenizer())
    made["post_processor"] = {"type": "RobertaProcessing", "sep": ["##f", 27], "cls": ["##h", 29]} | {
        "trim_offsets": True, "add_prefix_space": False
    }  # fmt: skip
    cut = trimmed(json.dumps(made), seen=[], frequent=4)
    assert [cut.kept[id_] for id_ in Tokenizer.from_str(cut.tokenizer).encode("a").ids] == [29, 14, 27]


def test_a_whole_vocabulary_keeps_every_id() -> None:
    assert whole(tokenizer()).kept == tuple(range(len(VOCABULARY)))


def test_another_kind_of_tokenizer_is_refused_by_name() -> None:
    made = json.loads(tokenizer())
    made["model"]["type"] = "BPE"
    with pytest.raises(InputError, match="BPE"):
        trimmed(json.dumps(made), seen=[], frequent=4)
