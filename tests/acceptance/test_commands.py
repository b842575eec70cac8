"""The commands as somebody types them: what they print, how they end, and that bad input is one clear sentence."""

from __future__ import annotations

import json
import shutil
import socket
from pathlib import Path

import pytest
from serving import serving
from slack_peer import FakeSlack, Peer
from typed import Run

from bot.config import shipped_path


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "config"
    shutil.copytree(shipped_path("config"), folder)
    return folder


@pytest.fixture
def run(tmp_path: Path, config: Path, monkeypatch: pytest.MonkeyPatch, walkback: Run) -> Run:
    monkeypatch.setenv("WALKBACK_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("WALKBACK_CONFIG_DIR", str(config))
    return walkback


PAIR = {
    "id": "one",
    "holder": "Norland",
    "topic": "tanks for Sudland",
    "position": "Norland will send no tanks to Sudland.",
    "statement": "Norland will send forty tanks to Sudland, the defence minister said.",
}


def test_assess_answers_each_line_with_six_probabilities_that_sum_to_one(run: Run) -> None:
    ended = run(
        "assess", "--json", stdin=json.dumps(PAIR) + "\n" + json.dumps(PAIR | {"id": 2, "speaker": None}) + "\n"
    )
    assert ended.code == 0
    assert [line["id"] for line in ended.lines] == ["one", 2]
    for line in ended.lines:
        assert len(line["probabilities"]) == 6
        assert sum(line["probabilities"].values()) == pytest.approx(1.0, abs=1e-4)
        assert line["alert"] == (line["relation"] not in ("unrelated", "consistent"))


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ("{", "not JSON"),
        ("[]", "expected an object"),
        (json.dumps(PAIR | {"topic": ""}), "missing or empty: topic"),
        (json.dumps({"id": 1}), "missing or empty: holder, topic, position, statement"),
        (json.dumps(PAIR | {"date": "soon"}), "'soon' is not like"),
        (json.dumps(PAIR | {"title": 3}), "title must be text"),
    ],
)
def test_a_bad_line_gives_an_error_line_and_the_rest_goes_on(run: Run, bad: str, words: str) -> None:
    ended = run("assess", "--json", stdin="\n".join([json.dumps(PAIR), bad, json.dumps(PAIR | {"id": "last"})]))
    first, error, last = ended.lines
    assert (first["id"], error["line"], last["id"]) == ("one", 2, "last")
    assert words in error["error"]
    assert ended.code == 1
    known = json.loads(bad).get("id") if bad.endswith("}") else None
    assert error.get("id") == known


def test_a_pair_without_an_id_is_named_by_its_line(run: Run) -> None:
    nameless = {key: value for key, value in PAIR.items() if key != "id"}
    ended = run("assess", "--json", stdin="\n".join([json.dumps(PAIR | {"id": None}), json.dumps(nameless)]))
    assert [line["id"] for line in ended.lines] == [1, 2]


def test_a_line_that_is_not_utf_8_is_a_bad_line_like_any_other(run: Run) -> None:
    good = json.dumps(PAIR).encode()
    ended = run("assess", "--json", stdin=b"\n".join([good, b'{"id": "\xff"}', good]))
    assert ended.code == 1
    assert [line.get("id") for line in ended.lines] == ["one", None, "one"]
    assert "not UTF-8" in ended.lines[1]["error"]


def test_scan_gives_offsets_into_plain_text_and_names_the_document(run: Run, tmp_path: Path) -> None:
    text = (
        "MOSCOW, Feb 12 - Russia spoke about Ukraine's NATO membership on Thursday.\n\n"
        "“Russia rejects any membership of Ukraine in NATO,” Foreign Minister Sergei Lavrov said.\n"
    )
    (tmp_path / "article.txt").write_text(text)
    ended = run("scan", str(tmp_path / "article.txt"), "--json")
    assert ended.code == 0
    assert ended.lines
    for line in ended.lines:
        assert line["document"] == "article.txt"
        assert text[line["start"] : line["end"]] == line["statement"]
        assert set(line) >= {
            "speaker",
            "holder",
            "position",
            "relation",
            "probabilities",
            "alert",
            "evidence",
            "reason",
        }
    assert any(line["position"] == "ru-nato" and line["holder"] == "Russia" for line in ended.lines)


def test_scan_takes_positions_with_a_plain_holder(run: Run, tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(
        "positions:\n  - {id: x, holder: Norland, topic: tanks for Sudland, since: 2026-01-01,\n"
        "     baseline: Norland will send no tanks to Sudland.}\n"
    )
    article = {"title": "Tanks", "text": "Norland will send forty tanks to Sudland, the Norland government said."}
    ended = run("scan", "-", "--positions", str(tmp_path / "p.yaml"), "--json", stdin=json.dumps(article))
    assert {line["position"] for line in ended.lines} == {"x"}


def test_read_gives_a_line_a_statement(run: Run) -> None:
    told = "“We will not go,” Ada Berg said on Monday.\n\nIn April 2019 she promised that the port would be opened.\n"
    ended = run("read", "-", "--json", stdin=told)
    assert ended.code == 0
    assert {(line["speaker"], line["mode"], line["past_date"]) for line in ended.lines if line["attributed"]} == {
        ("Ada Berg", "commitment", ""),
        ("Ada Berg", "history", "2019-04"),
    }


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0", "binary file"),
        (b"", "is empty"),
        (b'{"title": "x"}', "'text'"),
    ],
)
@pytest.mark.parametrize("command", ["scan", "read"])
def test_what_is_no_article_is_one_sentence_and_exit_code_2(
    run: Run, tmp_path: Path, command: str, content: bytes, words: str
) -> None:
    (tmp_path / "odd").write_bytes(content)
    ended = run(command, str(tmp_path / "odd"))
    assert ended.code == 2
    assert ended.err.count("\n") == 1
    assert words in ended.err


def test_a_missing_file_is_one_sentence(run: Run, tmp_path: Path) -> None:
    ended = run("scan", str(tmp_path / "none.txt"))
    assert (ended.code, "No such file" in ended.err, "a web address, or -" in ended.err) == (2, True, True)


@pytest.mark.parametrize("command", ["scan", "read"])
def test_one_bad_input_is_told_and_the_others_are_read(run: Run, tmp_path: Path, command: str) -> None:
    article = json.dumps({"text": "“We reject Ukraine's NATO membership,” Russia's Sergei Lavrov said."})
    (tmp_path / "many.jsonl").write_text(f'{article}\n{{"text": \n{article}\n')
    ended = run(command, str(tmp_path / "none"), str(tmp_path / "many.jsonl"), "--json")
    assert ended.code == 1
    assert {line["document"] for line in ended.lines} == {"many.jsonl:1", "many.jsonl:3"}
    complaints = [line for line in ended.err.splitlines() if line.startswith("walkback: ")]
    assert len(complaints) == 2
    assert "many.jsonl:2: not JSON" in complaints[1]


def test_a_byte_order_mark_is_no_part_of_the_first_statement(run: Run) -> None:
    ended = run("read", "-", "--json", stdin="\ufeff“We will not go,” Ada Berg said on Monday.\n")
    assert min(line["start"] for line in ended.lines) == 1
    assert not any("\ufeff" in line["statement"] for line in ended.lines)


def test_a_closed_port_is_one_sentence(run: Run, config: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    desk = config / "desk.yaml"
    desk.write_text("default_channel: d\nchannels: {d: '#d'}\npoll: {allowed_networks: [127.0.0.0/8]}\n")
    ended = run("scan", f"http://127.0.0.1:{port}/article")
    assert ended.code == 2
    assert ended.err.startswith(f"walkback: http://127.0.0.1:{port}/article: ")


def test_a_guarded_address_is_refused(run: Run) -> None:
    ended = run("scan", "http://127.0.0.1:9/article")
    assert (ended.code, "127.0.0.1" in ended.err, "`allowed_networks: [10.1.0.0/16]`" in ended.err) == (2, True, True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("positions: [", "positions.yaml:"),
        ("positions: []\nbaselines: 1\n", "baselines"),
        ("positions:\n  - {id: x}\n", "holder"),
    ],
)
@pytest.mark.parametrize("command", [["once"], ["positions", "list"], ["scan", "-"], ["assess"]])
def test_bad_configuration_ends_every_command_with_its_place_and_code_2(
    run: Run, config: Path, tmp_path: Path, command: list[str], text: str, words: str
) -> None:
    (config / "positions.yaml").write_text(text)
    ended = run(*command, stdin="x")
    assert ended.code == 2
    assert words in ended.err
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("command", [["once"], ["scan", "-"], ["assess"], ["run"]])
def test_a_missing_model_is_one_sentence_and_exit_code_3_before_anything_is_written(
    run: Run, tmp_path: Path, command: list[str]
) -> None:
    ended = run(*command, stdin="A text.", WALKBACK_MODEL_DIR=str(tmp_path / "none"))
    assert ended.code == 3
    assert "no trained model" in ended.err
    assert ended.err.count("\n") == 1
    assert not (tmp_path / "data").exists()


def test_an_unknown_position_is_named_with_those_that_are_known(run: Run) -> None:
    ended = run("positions", "show", "ru-nat")
    assert ended.code == 2
    assert "'ru-nat'" in ended.err
    assert "ru-nato" in ended.err


def test_positions_are_listed_added_and_shown_with_their_history(run: Run, config: Path) -> None:
    before = len(run("positions", "list", "--json").lines)
    added = run(
        "positions", "add", "no-tanks", "--holder", "Norland", "--topic", "tanks",
        "--baseline", "Norland sends no tanks.", "--since", "2026-01-01",
    )  # fmt: skip
    assert added.code == 0
    listed = run("positions", "list", "--json").lines
    assert len(listed) == before + 1
    assert run("positions", "show", "no-tanks", "--json").lines[0]["baseline"] == "Norland sends no tanks."
    assert (listed[-1]["channel"], listed[-1]["paraphrases"], listed[-1]["aliases"]) == ("", [], [])
    (revision,) = run("positions", "history", "no-tanks", "--json").lines
    assert (revision["revision"], revision["origin"]) == (1, "configuration")
    assert (
        run(
            "positions", "add", "no-tanks", "--holder", "x", "--topic", "x", "--baseline", "x", "--since", "2026-01-01"
        ).code
        == 2
    )
    assert run("positions", "add", "b", "--holder", "x", "--topic", "x", "--baseline", "x", "--since", "soon").code == 2


def test_a_position_for_an_unknown_channel_is_refused_before_anything_is_written(run: Run, config: Path) -> None:
    before = (config / "positions.yaml").read_text()
    ended = run(
        "positions", "add", "x", "--holder", "Norland", "--topic", "x", "--baseline", "x.", "--since", "2026-01-01",
        "--channel", "nowhere",
    )  # fmt: skip
    assert ended.code == 2
    assert "'nowhere'. Known: " in ended.err
    assert (config / "positions.yaml").read_text() == before


@pytest.mark.parametrize(
    "command",
    [
        ["feeds", "add", "https://x.example.org/f"],
        ["feeds", "remove", "https://x.example.org/f"],
        ["feeds", "import", "feeds.opml"],
        ["positions", "add", "x", "--holder", "x", "--topic", "x", "--baseline", "x", "--since", "2026-01-01"],
    ],
)
def test_the_files_of_an_installed_package_are_not_edited(
    run: Run, tmp_path: Path, config: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    shipped = tmp_path / "_shipped" / "config"
    shutil.copytree(config, shipped)
    (tmp_path / "feeds.opml").write_text("<opml><body><outline xmlUrl='https://x.example.org/f'/></body></opml>")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WALKBACK_CONFIG_DIR")
    monkeypatch.setattr("bot.config.settings.shipped_path", lambda _: shipped)
    ended = run(*command)
    assert ended.code == 2
    assert f"cp -r {shipped} " in ended.err
    assert ended.err.count("\n") == 1


def test_feeds_are_added_listed_exported_imported_and_removed(run: Run, config: Path, tmp_path: Path) -> None:
    url = "https://feeds.example.org/news.xml"
    assert run("feeds", "add", url, "--name", "Example").code == 0
    assert url in {line["url"] for line in run("feeds", "list", "--json").lines}
    assert run("feeds", "export", str(tmp_path / "feeds.opml")).code == 0
    assert run("feeds", "remove", url).code == 0
    assert url not in {line["url"] for line in run("feeds", "list", "--json").lines}
    imported = run("feeds", "import", str(tmp_path / "feeds.opml"), "--json")
    assert imported.code == 0
    assert {line["outcome"] for line in imported.lines if line["url"] == url} == {"added"}
    assert url in {line["url"] for line in run("feeds", "list", "--json").lines}
    assert run("feeds", "remove", "https://nowhere.example.org/x").code == 2


def test_feeds_check_reads_files_and_ends_with_1_where_one_is_no_feed(run: Run, tmp_path: Path) -> None:
    (tmp_path / "good.xml").write_text(
        "<rss version='2.0'><channel><title>T</title><item><title>One</title><link>https://x.example/1</link>"
        "</item></channel></rss>"
    )
    (tmp_path / "bad.xml").write_text("<html><body>Not found</body></html>")
    good = run("feeds", "check", str(tmp_path / "good.xml"), "--json")
    assert (good.code, good.lines[0]["outcome"], good.lines[0]["entries"]) == (0, "ok", 1)
    bad = run("feeds", "check", str(tmp_path / "good.xml"), str(tmp_path / "bad.xml"), "--json")
    assert bad.code == 1
    assert bad.lines[1]["problem"]
    assert bad.lines[1]["advice"]
    wrong, *advice, good_one, dates, total = run(
        "feeds", "check", str(tmp_path / "good.xml"), str(tmp_path / "bad.xml")
    ).out.splitlines()
    assert wrong.startswith(f"WRONG  {tmp_path / 'bad.xml'}: ")
    assert " ".join(line.strip() for line in advice) == bad.lines[1]["advice"]
    assert good_one == "note   T: most entries have no usable date"
    assert dates.strip() == bad.lines[0]["advice"]
    assert total == "2 feeds: 1 can be polled, 1 of them with a note, 1 cannot."


def test_the_database_is_upgraded_once(run: Run) -> None:
    assert "->" in run("db", "upgrade").err
    assert "nothing to do" in run("db", "upgrade").err


def test_doctor_finds_the_shipped_state_sound_and_names_what_is_wrong(run: Run, config: Path) -> None:
    sound = run("doctor", "--json")
    assert (sound.code, [line["ok"] for line in sound.lines]) == (0, [True] * 8)
    (config / "desk.yaml").write_text("alert: {alert_at: 7}\n")
    wrong = run("doctor", "--json")
    assert wrong.code == 1
    assert any("alert_at" in fault for line in wrong.lines for fault in line["faults"])


def test_health_without_a_running_bot_is_1(run: Run) -> None:
    ended = run("health")
    assert (ended.code, "not running" in ended.err) == (1, True)


def test_evaluate_needs_something_to_evaluate_on(run: Run) -> None:
    assert run("evaluate").code == 2


def test_evaluate_reports_relations_and_confusion(run: Run, tmp_path: Path) -> None:
    told = PAIR | {"relation": "contradiction", "evidence": "will send forty tanks"}
    rows = [told, PAIR | {"relation": "consistent", "statement": "Norland sends none."}]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    ended = run(
        "evaluate", str(tmp_path / "rows.jsonl"), "--json", "--threshold", "0", "--report", str(tmp_path / "out")
    )
    (line,) = ended.lines
    assert line["rows"] == 2
    assert len(line["confusion"]) == len(line["relations"]) == 6
    assert (line["evidence"]["rows"], line["evidence"]["judged"]) == (1, 1)
    assert 0.0 < line["evidence"]["detector"]["token_f1"] <= 1.0
    assert "## Evidence" in (tmp_path / "out" / "report.md").read_text(encoding="utf-8")


def test_the_version_is_told(run: Run) -> None:
    assert run("--version").out.startswith("walkback ")


@pytest.mark.parametrize("arguments", [["nonsense"], ["scan"], ["positions", "show"], ["scan", "--nonsense", "x"]])
def test_wrong_arguments_are_exit_code_2(run: Run, arguments: list[str]) -> None:
    assert run(*arguments).code == 2


@pytest.mark.parametrize("command", ["once", "run"])
def test_a_token_that_slack_refuses_is_one_sentence_and_exit_code_3(run: Run, tmp_path: Path, command: str) -> None:
    with Peer(FakeSlack("desk").respond) as slack:
        ended = run(command, WALKBACK_SLACK_TOKEN="xoxb-wrong", WALKBACK_SLACK_API_URL=slack.url)
    assert ended.code == 3
    assert "invalid_auth" in ended.err
    assert "xoxb-wrong" not in ended.err
    assert ended.err.count("\n") == 1
    assert not (tmp_path / "data").exists()


def test_an_empty_feed_is_polled_without_a_word_of_alarm(run: Run, config: Path) -> None:
    page = b"<rss version='2.0'><channel><title>Nothing yet</title></channel></rss>"
    with serving({"/feed.xml": page}) as base:
        (config / "feeds.yaml").write_text(f"feeds:\n  - {{url: '{base}/feed.xml', name: Empty}}\n")
        (config / "desk.yaml").write_text(
            "default_channel: d\nchannels: {d: '#d'}\npoll: {allowed_networks: [127.0.0.0/8], host_gap_s: 0}\n"
        )
        (config / "positions.yaml").write_text(
            "positions:\n  - {id: x, holder: Norland, topic: tanks, since: 2026-01-01, baseline: Norland sends none.}\n"
        )
        ended = run("once", "--json")
    assert ended.code == 0
    assert ended.lines[-1]["feeds_polled"] == 1
    assert ended.lines[-1]["new_articles"] == 0


@pytest.mark.parametrize(("feeds", "code"), [(["feed.xml", "none.xml"], 1), (["none.xml"], 3)])
def test_once_names_the_feeds_that_failed_and_ends_with_1_or_with_3_where_all_did(
    run: Run, config: Path, feeds: list[str], code: int
) -> None:
    page = b"<rss version='2.0'><channel><title>Nothing yet</title></channel></rss>"
    with serving({"/feed.xml": page}) as base:
        (config / "feeds.yaml").write_text(
            "feeds:\n" + "".join(f"  - {{url: '{base}/{name}', name: '{name}'}}\n" for name in feeds)
        )
        (config / "desk.yaml").write_text(
            "default_channel: d\nchannels: {d: '#d'}\npoll: {allowed_networks: [127.0.0.0/8], host_gap_s: 0}\n"
        )
        machine, person = run("once", "--json"), run("once")
    assert (machine.code, person.code) == (code, code)
    assert machine.lines[-1]["feeds_failed"] == 1
    assert list(machine.lines[-1]["problems"]) == [f"{base}/none.xml"]
    assert f"{base}/none.xml: " in person.err
