# ruff: noqa: E501, SIM905 - sentences and lists of words read better unbroken
"""What the benchmarks read: articles and positions made of this project's own sentences, the same for the same seed.

No two sentences are alike, since the bot remembers what it has embedded. `background` is news without a match, by a mixture that
is told with the figures: `elsewhere` names no holder, `passing` names holders in what nobody tracks, `nearby` speaks of holders'
politics beside the tracked lines. `matching` has sentences on tracked lines, `interview` is long and full of them.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import product

from bot.domain import Article, Holder, Position, Voice, identify

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SHARES = {"elsewhere": 0.5, "passing": 0.35, "nearby": 0.15}
"""Of background news."""

PLACES = "Harwick Dunmore Lisbury Castleford Norbeck Wexmouth Alderney Tarrant Penfold Quarrington Rosedale Selwick Thornbury Ulverston Winslade Yarrow Ashcombe Brindle Corfe Dalkeith".split()
PEOPLE = "Abel Marsh|Bea Lindqvist|Carl Otway|Dora Nemeth|Elias Crane|Freya Holt|Gus Pereira|Hanna Roth|Ivo Lang|June Abbott|Karl Weiss|Lena Frost|Milo Banks|Nora Quill|Otto Hale|Pia Stern|Ruth Vale|Sam Yates|Tess Moran|Uwe Falk".split(
    "|"
)
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
THINGS = "museum library bridge harbour station theatre stadium hospital market orchard brewery lighthouse bakery tram depot cinema nursery school garden gallery tower chapel ferry mill farm quarry pool hostel studio archive shipyard vineyard workshop laboratory circus arcade cellar greenhouse".split()
QUALITIES = "narrow costly popular quiet modern draughty generous remarkable cautious delayed crowded splendid modest unlikely welcome muddy brisk solemn cheerful dusty elegant fragile gloomy hasty humble lively odd patient plain proud rare rough shy silent steady stern sudden tidy vast weary".split()
OTHERS = "actors bakers climbers dancers dentists drivers farmers fishermen gardeners jurors miners musicians nurses painters pilots plumbers poets pupils referees rowers sailors scientists shepherds singers skaters surgeons swimmers tailors teachers tenants tourists voters waiters walkers weavers winemakers writers".split()
DID = "admired bought cleaned counted described drew envied filmed forgot guarded honoured ignored inspected joined lit measured mended missed moved noticed opened packed painted praised recalled rented restored sketched sold studied swept tasted tested toured tuned visited watched weighed welcomed".split()
THINGS_DONE = "boats bridges candles carpets chairs clocks coats drums engines fences flutes gates hats kettles ladders lamps letters maps masks mirrors nets paintings pianos pots puppets quilts ropes saddles sails shelves songs spoons stamps tents tiles toys trains violins wagons wheels".split()

ELSEWHERE = (
    "The {quality} {others} of {place} {did} {n} {done} beside the {thing} on {day}.",
    "{person} {did} the {thing} in {place}, where {others2} {did2} {quality} {done}.",
    "On {day} {n} {others} {did} a {quality} {thing} that {person} had {did2} before.",
    "{place} lost to {place2} by {n} points, which {quality} {others} {did} at the {thing}.",
    "Rain kept {quality} {others} from the {thing} of {place}, {person} wrote on {day}.",
    "{others2} in {place} {did} {done} for {n} crowns, a {quality} price beside {place2}.",
    "A {quality} {thing} near {place2} {did} its {n}th guest, and {others} {did2} {done}.",
    "{person} sold {done} to {others} in {place} until the {quality} {thing} closed on {day}.",
)
PASSING = (
    "{n} {others} from {holder} {did} the {quality} {thing} of {place} on {day}.",
    "A {adjective} {thing} {did} {done} that {others} in {place2} had {did2}.",
    "{holder} sent {quality} {others} to {place}, where {person} {did} {n} {done}.",
    "{done} from {holder} filled the {thing} of {place}, {quality} {others} {did} them.",
)
NEARBY = (
    "The parliament of {holder} {did} {n} {quality} pages on {done} by {day}.",
    "{voice} {did} a {quality} {thing} in {place} and thanked {n} {others} of {holder2}.",
    "{holder} named {person} envoy to {place}, a {quality} choice that {others} {did}.",
    "Ministers of {holder} and {holder2} {did} {n} {done} at a {quality} {thing} on {day}.",
)
MATCHING = (
    "{voice} told reporters in {place} on {day} that {holder} had not changed its mind about {topic} in {n} weeks of talks.",
    "{holder} repeated its line on {topic} at a meeting in {place}, {voice} said after {n} hours behind closed doors.",
    "“On {topic} we are ready to listen to any {quality} proposal,” {voice} said in {place} on {day}.",
    "{voice} said on {day} that {holder} could accept a different arrangement on {topic} if {n} conditions were met.",
    "Asked about {topic}, {voice} told the {thing} audience in {place} that the demand of {holder} stood as before.",
    "“{line}” {voice} said in {place} on {day}, after {n} days of {quality} meetings.",
)
QUESTIONS = (
    "What does the government make of {topic} after {n} weeks of talks?",
    "Do you still expect a decision on {topic} before {day}?",
    "Some in {place} say that {topic} is settled: is it?",
)
LANDS = "Norland Sudria Westmark Ostland Calden Merrow Tarsis Averne Dunmere Eldora Farrow Gannet Hesper Ilmen Jorvik Kestrel Lorne Mirefield Narvon Orland Pellas Quenby Ravna Solvig Torrin Umbria Vallis Wendel Yssel Zorva".split()
KINDS = ("Republic", "Federation", "Union")
SUBJECTS = "grain exports|fishing quotas|gas transit|visa rules|the border crossing|the river dam|military exercises|steel tariffs|the prisoner exchange|airspace rights|nuclear inspections|drone sales|the naval base|water shares|the trade embargo|election observers|data transfers|mining licences|the rail link|the ceasefire line|landmine clearance|refugee returns|the debt relief|the arms treaty|satellite launches".split(
    "|"
)


@dataclass(frozen=True, kw_only=True)
class Load:
    """Articles of one kind, with their pages."""

    name: str
    articles: tuple[Article, ...]

    @property
    def sentences(self) -> int:
        return sum(article.text.count(". ") + article.text.count("\n\n") + 1 for article in self.articles)


def positions(shipped: Sequence[Position], number: int) -> list[Position]:
    """Return `number` positions: the shipped ones, then more lines of the same holders and of others in turn."""
    holders = list({position.holder.name: position.holder for position in shipped}.values())
    others = [
        Holder(
            name=f"{kind} of {land}",
            aliases=(land, f"{land} government"),
            voices=(Voice(name=f"{PEOPLE[(n * 7) % len(PEOPLE)].split()[0]} {land}sen", role="foreign minister"),),
        )
        for n, (kind, land) in enumerate(product(KINDS, LANDS))
    ]
    made = list(shipped[:number])
    turns = [(holders[n % len(holders)] if n % 2 else others[n % len(others)]) for n in range(number)]
    for n in range(number - len(made)):
        subject, partner = SUBJECTS[n % len(SUBJECTS)], LANDS[(n // len(SUBJECTS)) % len(LANDS)]
        holder, topic = turns[n], f"{subject} with {partner}"
        made.append(
            Position(
                id=f"line-{n}",
                holder=holder,
                topic=topic,
                baseline=f"{holder.name} refuses any change of {topic} before the treaty runs out.",
                since=date(2025, 1, 1),
                paraphrases=(f"talks on {topic}", f"{partner} and {subject}", f"a deal over {subject}"),
            )
        )
    return made


class Writer:
    """Writes articles; the same seed writes the same."""

    def __init__(self, tracked: Sequence[Position], *, seed: int = 1) -> None:
        self._dice = random.Random(seed)
        self._tracked = list(tracked)
        self._holders = list({position.holder.name: position.holder for position in tracked}.values())
        self._number = seed * 1_000_000  # addresses that no other seed has

    def background(self, number: int) -> Load:
        """Return news without a match, mixed by SHARES."""
        kinds = [kind for kind, share in SHARES.items() for _ in range(round(share * 20))]
        return Load(name="background", articles=tuple(self._article(kinds[n % 20]) for n in range(number)))

    def only(self, kind: str, number: int) -> Load:
        """Return news of one kind: elsewhere, passing, nearby or matching."""
        return Load(name=kind, articles=tuple(self._article(kind) for _ in range(number)))

    def mixed(self, number: int, every: int = 20) -> Load:
        """Return background news in which each `every`-th article has a match."""
        kinds = [kind for kind, share in SHARES.items() for _ in range(round(share * 20))]
        picked = ("matching" if n % every == every - 1 else kinds[n % 20] for n in range(number))
        return Load(name=f"one in {every} matching", articles=tuple(self._article(kind) for kind in picked))

    def interviews(self, number: int, turns: int = 60) -> Load:
        """Return long interviews: each turn a question and an answer of four sentences, half of the turns on tracked lines."""
        return Load(name="interview", articles=tuple(self._interview(turns) for _ in range(number)))

    def _article(self, kind: str, sentences: int = 24) -> Article:
        plans = {
            "elsewhere": [(ELSEWHERE, sentences)],
            "passing": [(PASSING, sentences // 4), (ELSEWHERE, sentences - sentences // 4)],
            "nearby": [(NEARBY, sentences // 3), (PASSING, 2), (ELSEWHERE, sentences - sentences // 3 - 2)],
            "matching": [(MATCHING, 5), (NEARBY, 4), (ELSEWHERE, sentences - 9)],
        }
        position = self._dice.choice(self._tracked)
        forms = [form for table, number in plans[kind] for form in self._dice.choices(table, k=number)]
        self._dice.shuffle(forms)
        lines = [self._filled(form, position) for form in forms]
        paragraphs = [" ".join(lines[at : at + 3]) for at in range(0, len(lines), 3)]
        return self._made("\n\n".join(paragraphs), self._filled(self._dice.choice(ELSEWHERE), position).split(",")[0])

    def _interview(self, turns: int) -> Article:
        parts = []
        for turn in range(turns):
            position = self._dice.choice(self._tracked)
            table = MATCHING if turn % 2 else NEARBY
            parts.append(f"Question: {self._filled(self._dice.choice(QUESTIONS), position)}")
            said = [
                self._filled(form, position)
                for form in self._dice.choices(table, k=2) + self._dice.choices(ELSEWHERE, k=2)
            ]
            parts.append(f"{self._voice(position.holder)}: {' '.join(said)}")
        return self._made("\n\n".join(parts), "An interview")

    def _made(self, text: str, title: str) -> Article:
        self._number += 1
        url = f"https://paper.example/{self._number}"
        return Article(id=identify(url), url=url, title=title[:120], text=text, published=NOW, outlet="The Paper")

    def _filled(self, form: str, position: Position) -> str:
        dice = self._dice
        holder = position.holder if "{topic}" in form or "{line}" in form else dice.choice(self._holders)
        place, place2 = dice.sample(PLACES, 2)
        return form.format(
            place=place,
            place2=place2,
            person=dice.choice(PEOPLE),
            day=dice.choice(DAYS),
            thing=dice.choice(THINGS),
            quality=dice.choice(QUALITIES),
            n=dice.randrange(2, 10_000),
            others=dice.choice(OTHERS),
            others2=dice.choice(OTHERS).capitalize(),
            did=dice.choice(DID),
            did2=dice.choice(DID),
            done=dice.choice(THINGS_DONE),
            holder=holder.name,
            holder2=dice.choice(self._holders).name,
            adjective=dice.choice(holder.aliases or (holder.name,)),
            voice=self._voice(holder),
            topic=dice.choice((position.topic, *position.paraphrases)),
            line=position.baseline.rstrip(".") + ",",
        )

    def _voice(self, holder: Holder) -> str:
        return self._dice.choice(holder.voices).name if holder.voices else f"a spokesman of {holder.name}"


def page(article: Article) -> str:
    """Return an article as a newspaper's page: navigation, teasers, scripts and a footer around it, about 40 kB."""
    menu = "".join(f'<li><a href="/section/{n}">Section {n}</a></li>' for n in range(40))
    teasers = "".join(
        f'<div class="teaser"><a href="/story/{n}"><img src="/i/{n}.jpg" alt=""><h3>Another story, number {n}</h3></a><p>Read more about it here.</p></div>'
        for n in range(30)
    )
    paragraphs = "".join(f"<p>{part}</p>" for part in article.text.split("\n\n"))
    script = "window.dataLayer=window.dataLayer||[];" + "".join(
        f"dataLayer.push({{event:'slot-{n}',size:[300,{n}]}});" for n in range(300)
    )
    return (
        f'<!doctype html><html lang="en"><head><title>{article.title} - The Paper</title><link rel="canonical" href="{article.url}">'
        f'<meta property="article:published_time" content="{article.published.isoformat()}"><meta property="og:site_name" content="The Paper">'
        f"<script>{script}</script><style>{'.a{margin:0;padding:0}' * 200}</style></head><body><header><nav><ul>{menu}</ul></nav></header>"
        f"<main><article><h1>{article.title}</h1>{paragraphs}</article><aside>{teasers}</aside></main>"
        f"<footer><p>All rights reserved.</p><ul>{menu}</ul></footer></body></html>"
    )
