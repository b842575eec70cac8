from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Callable
from datetime import date, time
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import config
from bot.config import load_configuration, load_desk, load_feeds, load_positions, shipped_path
from bot.config.files import read_document
from bot.config.models import AlertShape, DispatchShape, PollShape, QuietShape, json_schemas
from bot.core.policies import AlertPolicy, DispatchPolicy, PollPolicy, QuietHours
from bot.domain import Feed, Holder, Position, Voice
from bot.errors import ConfigurationError, Fault

SHIPPED = ["positions", "feeds", "desk"]

POSITIONS = """\
holders:
  - name: Union
    aliases: [dockers]
    voices:
      - {name: Ivo Kern, role: secretary, since: 2024-01-01, until: 2026-12-31}
positions:
  - id: docks
    holder: Union
    topic: wages
    paraphrases: [pay, the wage claim]
    baseline: Nine percent for one year.
    since: 2026-01-05
    source: letter of 5 January
    channel: docks
"""
FEEDS = """\
feeds:
  - {url: "https://gazette.example/rss", name: Gazette}
"""
DESK = """\
default_channel: desk
channels: {desk: "#desk", docks: C024BE91L}
"""

ADDRESS = "should be a web address that begins with https:// or http://"

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write the three files, each replaced by the argument of its name, and return their folder."""

    def write(**texts: str | bytes) -> Path:
        for name, text in {"positions": POSITIONS, "feeds": FEEDS, "desk": DESK, **texts}.items():
            content = text if isinstance(text, bytes) else text.encode()
            (tmp_path / f"{name}.yaml").write_bytes(content)
        return tmp_path

    return write


def faults_of(load: Callable[[Path], object], path: Path) -> list[Fault]:
    with pytest.raises(ConfigurationError) as caught:
        load(path)
    assert caught.value.exit_code == 2
    assert caught.value.faults
    return caught.value.faults


def told(faults: list[Fault]) -> list[tuple[str, int, str, str]]:
    return [(Path(fault.file).name, fault.line, fault.key, fault.problem) for fault in faults]


def test_three_files_become_records(write: Write) -> None:
    loaded = load_configuration(write())
    kern = Voice(name="Ivo Kern", role="secretary", since=date(2024, 1, 1), until=date(2026, 12, 31))
    union = Holder(name="Union", aliases=("dockers",), voices=(kern,))
    position = Position(
        id="docks",
        holder=union,
        topic="wages",
        paraphrases=("pay", "the wage claim"),
        baseline="Nine percent for one year.",
        since=date(2026, 1, 5),
        source="letter of 5 January",
        channel="docks",
    )
    assert loaded.positions == (position,)
    assert loaded.holders == (union,)
    assert loaded.feeds == (Feed(url="https://gazette.example/rss", name="Gazette", outlet="Gazette"),)
    assert loaded.desk == config.Desk(default_channel="desk", channels={"desk": "#desk", "docks": "C024BE91L"})
    assert loaded.desk.channel_for(position) == "C024BE91L"
    assert loaded.desk.channel_for(dataclasses.replace(position, channel="")) == "#desk"


def test_every_fault_of_every_file_is_told_at_once(write: Write) -> None:
    folder = write(
        positions=POSITIONS.replace("topic: wages", "topik: wages").replace("channel: docks", "channel: dock"),
        feeds=FEEDS + '  - {url: "HTTPS://Gazette.example/rss/", name: Again}\n  - {url: ftp://x.example/, name: 7}\n',
        desk=DESK + "alert: {alert_at: 1.5, digest_at: 2, alert_at_by_position: {dokcs: 0.5}}\npol: {}\n",
    )
    assert told(faults_of(load_configuration, folder)) == [
        ("desk.yaml", 3, "alert.alert_at", "should be at most 1, not «1.5»"),
        ("desk.yaml", 3, "alert.digest_at", "should be at most 1, not «2»"),
        ("desk.yaml", 3, "alert.digest_at", "2 is above alert_at, 1.5"),
        ("desk.yaml", 3, "alert.alert_at_by_position.dokcs", "is not a position of positions.yaml"),
        ("desk.yaml", 4, "pol", "is not a known key"),
        ("feeds.yaml", 3, "feeds[Again].url", "«HTTPS://Gazette.example/rss/» stands twice (first on line 2)"),
        ("feeds.yaml", 4, "feeds[ftp://x.example/].url", f"{ADDRESS}, not «ftp://x.example/»"),
        ("feeds.yaml", 4, "feeds[ftp://x.example/].name", "should be text, not «7»"),
        ("positions.yaml", 7, "positions[docks].topic", "is missing"),
        ("positions.yaml", 9, "positions[docks].topik", "is not a known key"),
        ("positions.yaml", 14, "positions[docks].channel", "«dock» is not among the channels of desk.yaml"),
    ]  # fmt: skip


WAGES = ("positions", "topic: wages")
SINCE = ("positions", "since: 2026-01-05")
GAZETTE = ("feeds", "name: Gazette")
MORE = ("desk", "C024BE91L}")
NIGHT = 'dispatch: {quiet: {start: "22:00", end: "06:30"'


@pytest.mark.parametrize(
    ("place", "new", "line", "key", "problem"),
    [
        (
            SINCE,
            "since: 5 January",
            12,
            "positions[docks].since",
            "should be a day such as 2026-02-10, not «5 January»",
        ),
        (
            SINCE,
            "since: 2026-02-30",
            12,
            "positions[docks].since",
            "should be a day such as 2026-02-10, not «2026-02-30»",
        ),
        (SINCE, "since: 20260105", 12, "positions[docks].since", "should be a day such as 2026-02-10, not «20260105»"),
        (
            ("positions", "2024-01-01"),
            "2027-01-01",
            5,
            "holders[Union].voices[Ivo Kern].until",
            "2026-12-31 is before since",
        ),
        (
            ("positions", "id: docks"),
            "id: the docks",
            7,
            "positions[the docks].id",
            "should be a short name of letters",
        ),
        (
            ("positions", "holder: Union"),
            "holder: Onion",
            8,
            "positions[docks].holder",
            "«Onion» is not among the holders",
        ),
        (
            ("positions", "[pay, the wage claim]"),
            "pay",
            10,
            "positions[docks].paraphrases",
            "should be a list, not «pay»",
        ),
        (("positions", POSITIONS), "holders: []\npositions: []\n", 2, "positions", "is empty"),
        (
            ("positions", "positions:\n"),
            "  - {name: Guild, aliases: [Dockers]}\npositions:\n",
            6,
            "holders[Guild].aliases",
            "«Dockers» is already a name of Union",
        ),
        (WAGES, "topic: [wages]", 9, "positions[docks].topic", "should be text, not a list"),
        (WAGES, "topic:", 9, "positions[docks].topic", "should be text, not nothing"),
        (WAGES, "topic: ' '", 9, "positions[docks].topic", "is empty"),
        (WAGES, "topic: wages\n    topic: pay", 10, "positions[docks].topic", "stands twice (first on line 9)"),
        (
            WAGES,
            "topic: !!python/name:os.system x",
            9,
            "positions[docks].topic",
            "has the tag tag:yaml.org,2002:python/name",
        ),
        (
            GAZETTE,
            "name: Gazette, first_run: loud",
            2,
            "feeds[Gazette].first_run",
            "should be 'silent' or 'post', not «loud»",
        ),
        (
            GAZETTE,
            "name: Gazette, full_text: maybe",
            2,
            "feeds[Gazette].full_text",
            "should be true or false, not «maybe»",
        ),
        (
            GAZETTE,
            "name: Gazette, language: English",
            2,
            "feeds[Gazette].language",
            "should be a language code, such as en",
        ),
        (
            ("feeds", "https://gazette.example"),
            "https://",
            2,
            "feeds[Gazette].url",
            "should be a web address that begins with",
        ),
        (("feeds", FEEDS), "- a\n- b\n", 1, "", "should be a mapping, not a list"),
        (("desk", ": desk"), ": desks", 1, "default_channel", "«desks» is not among the channels"),
        (("desk", '"#desk"'), "desk", 2, "channels.desk", "should be a Slack channel, in quotes"),
        (MORE, "alert: high", 3, "alert", "should be a mapping, not «high»"),
        (MORE, "alert: {alert_at: true}", 3, "alert.alert_at", "should be a number, not true"),
        (MORE, "alert: {alert_at: 0.1}", 3, "alert.digest_at", "0.3 is above alert_at, 0.1"),
        (MORE, "alert: {digest_at: .nan}", 3, "alert.digest_at", "should be a number, not «nan»"),
        (MORE, "dispatch: {per_hour: 2.5}", 3, "dispatch.per_hour", "should be a whole number, not «2.5»"),
        (MORE, "dispatch: {first_retry_s: 1000}", 3, "dispatch.first_retry_s", "1000 is above longest_retry_s, 900"),
        (
            MORE,
            f"{NIGHT}}}}}".replace("22:", "25:"),
            3,
            "dispatch.quiet.start",
            "should be a time of day from 00:00 to 23:59",
        ),
        (MORE, f"{NIGHT}, zone: Europe/Berlim}}}}", 3, "dispatch.quiet.zone", "«Europe/Berlim» is not a time zone"),
        (MORE, "poll: {fastest_s: 60, slowest_s: 30}", 3, "poll.fastest_s", "60 is above slowest_s, 30"),
        (
            MORE,
            "poll: {contact: desk (at) example}",
            3,
            "poll.contact",
            "should be a web or mail address without spaces",
        ),
        (
            MORE,
            "poll: {allowed_networks: [10.0.0.1/8]}",
            3,
            "poll.allowed_networks[0]",
            "should be a network such as 10.1.0.0/16",
        ),
    ],
)
def test_a_fault_is_told_with_its_line_and_key(
    write: Write, place: tuple[str, str], new: str, line: int, key: str, problem: str
) -> None:
    name, old = place
    text = {"positions": POSITIONS, "feeds": FEEDS, "desk": DESK}[name]
    assert old in text
    load = {"positions": load_positions, "feeds": load_feeds, "desk": load_desk}[name]
    changed = f"{text}{new}\n" if place == MORE else text.replace(old, new)
    found = told(faults_of(load, write(**{name: changed}) / f"{name}.yaml"))
    assert [fault for fault in found if fault[1:3] == (line, key) and fault[3].startswith(problem)], found


@pytest.mark.parametrize(
    ("content", "line", "problem"),
    [
        (b"", 0, "is empty"),
        (b"# nothing but a remark\n", 0, "is empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", 0, "is not text"),
        (b"\xff\xfe\x00f", 0, "is not text"),
        (b"feeds:\n  - {url: x\nname: y\n", 3, "is not valid YAML"),
        (b"feeds: []\n\tmore: 1\n", 2, "is not valid YAML"),
        (b"feeds: []\n---\nfeeds: []\n", 2, "holds a second document"),
        (b"feeds: *none\n", 1, "found undefined alias"),
        (b"feeds: \x07\n", 0, "is not valid YAML"),
        (b"[" * 1000, 0, "is nested too deeply"),
        (b"feeds: &a [*a]\n", 1, "is nested too deeply"),
        (b"feeds: " + b"[" * 30 + b"]" * 30, 1, "is nested too deeply"),
        (b"just words\n", 1, "should be a mapping, not a single value"),
        (b"# " + b"x" * 2_000_001, 0, "is larger than"),
    ],
)
def test_what_is_no_yaml_mapping_is_told_in_one_sentence(write: Write, content: bytes, line: int, problem: str) -> None:
    first = faults_of(load_feeds, write(feeds=content) / "feeds.yaml")[0]
    assert (first.line, problem in first.problem) == (line, True), str(first)
    assert "\n" not in str(first)


@given(st.text(st.sampled_from("feds: -[]{}&*a#\"'|>!?%@\n\t,01~é\u2028\x85"), max_size=60))
def test_whatever_stands_in_a_file_it_loads_or_its_faults_are_told(text: str) -> None:
    for load in (load_feeds, load_positions):
        with contextlib.suppress(ConfigurationError):
            load(Path("file.yaml"), text)
        with contextlib.suppress(ConfigurationError):
            load(Path("file.yaml"), f"feeds:\n- {text}")


def test_aliases_that_multiply_are_stopped(write: Write) -> None:
    layers = ["a: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    layers += [f"b{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    (fault,) = faults_of(load_feeds, write(feeds="\n".join(layers)) / "feeds.yaml")
    assert "values" in fault.problem


def test_plain_aliases_are_read(write: Write) -> None:
    text = POSITIONS.replace("[pay, the wage claim]", "&words [pay]").replace("aliases: [dockers]", "aliases: [crew]")
    again = (
        text + "  - {id: two, holder: Union, topic: hours, paraphrases: *words, baseline: Forty., since: 2026-01-05}\n"
    )
    assert load_positions(write(positions=again) / "positions.yaml")[1].paraphrases == ("pay",)


def test_a_misspelt_key_comes_with_the_nearest_known_one(write: Write) -> None:
    text = POSITIONS.replace("baseline:", "basline:").replace("role:", "rôle:")
    advice = {fault.key: fault.advice for fault in faults_of(load_positions, write(positions=text) / "positions.yaml")}
    assert advice["positions[docks].basline"] == "Did you mean «baseline»?"
    assert advice["holders[Union].voices[Ivo Kern].rôle"] == "Did you mean «role»?"


def test_a_missing_file_says_how_to_get_one(write: Write) -> None:
    folder = write()
    (folder / "desk.yaml").unlink()
    (fault,) = faults_of(load_configuration, folder)
    assert fault.problem == "there is no such file"
    assert f"cp {shipped_path('config') / 'desk.yaml'} {folder / 'desk.yaml'}" in fault.advice


def test_a_missing_folder_says_how_to_get_one(tmp_path: Path) -> None:
    (fault,) = faults_of(load_configuration, tmp_path / "none")
    assert "cp -r" in fault.advice


def test_an_unreadable_file_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "feeds.yaml").mkdir()
    (fault,) = faults_of(load_feeds, tmp_path / "feeds.yaml")
    assert fault.problem == "cannot be read: Is a directory"


def test_holders_without_a_section_come_from_the_shipped_file_by_name(tmp_path: Path) -> None:
    path = tmp_path / "positions.yaml"
    path.write_text(
        "positions:\n"
        "  - {id: a, holder: Russia, topic: t, since: 2024-12-26, document: '002', baseline: b}\n"
        "  - {id: b, holder: Nobody Known, topic: t, since: 2024-12-26, baseline: b}\n"
    )
    russia, nobody = load_positions(path)
    assert "Sergey Lavrov" in [name for voice in russia.holder.voices for name in voice.aliases]
    assert russia.source == "002"
    assert nobody.holder == Holder(name="Nobody Known")


@pytest.mark.shared
def test_the_corpus_positions_load_with_their_speakers(shared: Path) -> None:
    found = load_positions(shared / "corpus" / "positions.yaml")
    assert len(found) == 20
    assert all(position.holder.voices for position in found)
    assert {position.source for position in found} == {"001", "002", "004"}


def test_quiet_hours_and_the_contact_reach_the_policies(write: Write) -> None:
    desk = load_desk(
        write(desk=DESK + 'dispatch: {quiet: {start: "22:30", end: "06:00"}}\npoll: {contact: mail@desk.example}\n')
        / "desk.yaml"
    )
    assert desk.dispatch == DispatchPolicy(quiet=QuietHours(start=time(22, 30), end=time(6)))
    assert desk.poll.user_agent.endswith("(+mail@desk.example)")


@pytest.mark.parametrize(
    ("shape", "policy", "other"),
    [
        (AlertShape, AlertPolicy, {}),
        (DispatchShape, DispatchPolicy, {}),
        (QuietShape, QuietHours, {}),
        (PollShape, PollPolicy, {"contact": "user_agent"}),
    ],
)
def test_every_choice_of_a_policy_can_be_made_in_the_file(shape: type, policy: type, other: dict[str, str]) -> None:
    assert {other.get(name, name) for name in shape.model_fields} == {
        field.name for field in dataclasses.fields(policy)
    }


def test_the_shipped_configuration_loads_and_holds_the_defaults(root: Path) -> None:
    loaded = load_configuration(root / "config")
    assert len(loaded.positions) == 20
    assert len(loaded.feeds) >= 40
    assert (loaded.desk.alert, loaded.desk.dispatch, loaded.desk.poll) == (
        AlertPolicy(),
        DispatchPolicy(),
        PollPolicy(),
    )
    assert all(3 <= len(position.paraphrases) <= 6 for position in loaded.positions)
    assert all(position.source for position in loaded.positions)
    assert all(position.holder.voices for position in loaded.positions)


@pytest.mark.parametrize("name", SHIPPED)
def test_the_schema_on_disk_is_current(root: Path, name: str) -> None:
    on_disk = (root / "config" / "schema" / f"{name}.json").read_text(encoding="utf-8")
    assert json.loads(on_disk) == json_schemas()[name]


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_file_fits_its_schema(root: Path, name: str) -> None:
    path = root / "config" / f"{name}.yaml"
    schema = json_schemas()[name]
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(read_document(path).data, schema, format_checker=jsonschema.FormatChecker())
    assert path.read_text(encoding="utf-8").startswith(f"# yaml-language-server: $schema=schema/{name}.json\n")


def test_shipped_files_lie_in_an_installed_package_or_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site" / "bot"
    package.mkdir(parents=True)
    monkeypatch.setattr("bot.config.settings.__file__", str(package / "config" / "settings.py"))
    assert shipped_path("models") == tmp_path / "site" / "models"
    (package / "_shipped" / "models").mkdir(parents=True)
    assert shipped_path("models") == package / "_shipped" / "models"
