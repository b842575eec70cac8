"""The short form of `make prove-fuzz`: the same documents from a fixed seed, by number instead of by the clock."""

from __future__ import annotations

import random
import warnings

import pytest
from proofs.fuzz_parser import SEEDS, examine, mutate


@pytest.mark.parametrize("seed", range(4))
def test_no_mutated_document_makes_the_parser_raise_or_is_lost_on_the_way_to_another_process(seed):
    rng = random.Random(seed)
    kinds = set()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # feedparser's and the decoder's, about the damage that is the point
        for _ in range(60):
            kinds.add(examine(mutate(rng.choice(SEEDS), rng), rng.choice(("", "text/xml; charset=koi8-r"))))
    assert len(kinds) > 3
