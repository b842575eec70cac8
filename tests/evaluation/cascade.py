"""What the cascade costs in quality: python tests/evaluation/cascade.py CASES.jsonl [--bare] [--json FILE]

Each case's statement stands in an article of this project's own: it says who spoke on what, as reports do, and has sentences that
say nothing of the line; with --bare nobody is named and no matter told. Holders have the voices of `case_holders.yaml`, as in a
desk's own file. The cascade reads the article as the bot does. Brute force judges every sentence against the line with the same
detector: no names, no topics, no subject, nobody's words left out for being another's. Both alert where any sentence's shift
reaches the shipped threshold; what is compared is the F1 of alerts. Cases on which the
annotators differed are left out.
"""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, date, datetime
from pathlib import Path

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[1] / "benchmarks"), str(HERE.parents[2])]

from measuring import machine, tell  # noqa: E402  # the path above comes first
from ruamel.yaml import YAML  # noqa: E402  # as above
from workload import Writer  # noqa: E402  # as above

from bot.app import build_judge, build_reader  # noqa: E402  # as above
from bot.config import Configuration, load_configuration, shipped_path  # noqa: E402  # as above
from bot.detection.detector import Detector, load_detector  # noqa: E402  # as above
from bot.domain import Article, Candidate, Decision, Holder, Position, Relation, Voice, identify  # noqa: E402  # as above
from bot.stages.judge import pair_of  # noqa: E402  # as above

UNDATED = datetime(2026, 3, 2, 9, tzinfo=UTC)


def position_of(row: dict[str, object], holders: dict[str, Holder]) -> Position:
    name = str(row["holder"])
    return Position(
        id=str(row["id"]),
        holder=holders.get(name, Holder(name=name)),
        topic=str(row["topic"]),
        baseline=str(row["position"]),
        since=date(2000, 1, 1),
    )


def article_of(row: dict[str, object], writer: Writer, *, bare: bool) -> Article:
    """Return an article around the case: half of the others' sentences before its statement, half after it."""
    around = writer.only("elsewhere", 1).articles[0].text.split("\n\n")
    lead = f"{row['holder']} and its neighbours watched the harvest this week."
    if not bare:
        lead = f"{row.get('speaker') or row['holder']} took up the matter of {row['topic']} this week."
    parts = [*around[:3], lead, str(row["statement"]), *around[3:6]]
    url = f"https://paper.example/case/{row['id']}"
    day = f"{row['date']}-01-01"[:10] if row.get("date") else ""  # a year or a month is told by its first day
    published = datetime.fromisoformat(day).replace(tzinfo=UTC) if day else UNDATED
    return Article(
        id=identify(url), url=url, title=str(row.get("title") or ""), text="\n\n".join(parts), published=published
    )


def by_brute_force(detector: Detector, article: Article, position: Position, threshold: float) -> bool:
    statements = build_reader([position]).read(article)
    pairs = [
        pair_of(Candidate(statement=one, position=position, similarity=1.0, title=article.title)) for one in statements
    ]
    return any(one.relation.is_shift for one in detector.judge(pairs, [threshold] * len(pairs)))


def f1(found: list[tuple[bool, bool]]) -> dict[str, float]:
    """Return the figures of (wanted, alerted) pairs."""
    hits = sum(wanted and alerted for wanted, alerted in found)
    alerts, shifts = sum(alerted for _, alerted in found), sum(wanted for wanted, _ in found)
    precision, recall = hits / max(alerts, 1), hits / max(shifts, 1)
    both = 2 * precision * recall / max(precision + recall, 1e-9)
    return {"precision": round(precision, 3), "recall": round(recall, 3), "f1": round(both, 3)}


def case_holders() -> dict[str, Holder]:
    """Return the holders of `case_holders.yaml` by name."""
    file = YAML(typ="safe").load(HERE.parent / "case_holders.yaml")
    return {
        raw["name"]: Holder(
            name=raw["name"],
            aliases=tuple(raw["aliases"]),
            voices=tuple(
                Voice(name=voice["name"], aliases=tuple(voice["aliases"]), role=voice["role"])
                for voice in raw["voices"]
            ),
        )
        for raw in file["holders"]
    }


def measure(cases: Path, configuration: Configuration, *, bare: bool = False) -> dict[str, object]:
    detector, alert = load_detector(shipped_path("models")), configuration.desk.alert
    holders = {holder.name: holder for holder in configuration.holders} | case_holders()
    writer, rows = Writer(configuration.positions, seed=11), []
    for line in cases.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row.get("relation"):
            rows.append(row)
    cascade, brute, asked = [], [], 0
    for row in rows:
        position, article = position_of(row, holders), article_of(row, writer, bare=bare)
        wanted = Relation(row["relation"]).is_shift
        judged = build_judge(detector, [position], alert).judge(article, article.published)
        asked += len(judged.assessments)
        cascade.append((wanted, any(ruling.decision is Decision.ALERT for _, ruling in judged.assessments)))
        brute.append((wanted, by_brute_force(detector, article, position, alert.alert_at)))
    ours, theirs = f1(cascade), f1(brute)
    return {
        **machine(),
        "cases": len(rows),
        "pairs_read_by_the_cascade": asked,
        "cascade": ours,
        "brute_force": theirs,
        "difference_of_f1": round(ours["f1"] - theirs["f1"], 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("cases", type=Path)
    parser.add_argument(
        "--bare", action="store_true", help="articles that name no speaker and no matter before the statement"
    )
    parser.add_argument("--json", type=Path, help="a file for the figures")
    given = parser.parse_args()
    tell(measure(given.cases, load_configuration(shipped_path("config")), bare=given.bare), given.json)


if __name__ == "__main__":
    main()
