"""Deciding on the page: nobody may unless it is configured, and only people who are known, from this page alone."""

from __future__ import annotations

import re

import pytest
from page_site import NOW, TOKEN, client_of, fill
from sqlalchemy import Engine

from bot.store import mutes, positions, verdicts
from bot.store.engine import snapshot
from bot.web.access import AccessPolicy

BY_TOKEN = AccessPolicy(token=TOKEN)
BY_PROXY = AccessPolicy(user_header="X-Forwarded-User", proxies=("10.0.0.0/8",))


@pytest.fixture
def store(tmp_path, sqlite_template) -> Engine:
    """What is decided is the same on every back end; one is enough here."""
    import shutil

    from bot.store.engine import open_engine

    shutil.copy(sqlite_template, tmp_path / "store.db")
    return open_engine(f"sqlite:///{tmp_path / 'store.db'}")


@pytest.fixture
def filled(store: Engine):
    return fill(store, statements=80)


def signed_in(store: Engine, name: str = "Ada"):
    reader = client_of(store, policy=BY_TOKEN)
    answer = reader.post("/sign-in", data={"name": name, "token": TOKEN})
    assert answer.status_code == 303
    return reader


def form_token(reader, page: str) -> str:
    found = re.search(r'name="form_token" value="(\w+)"', reader.get(page).text)
    assert found
    return found[1]


def standing(store: Engine, key: str):
    with snapshot(store) as connection:
        return verdicts.on_shifts(connection, [key]).get(key)


def test_without_a_token_or_proxy_there_is_nothing_to_decide_with(store: Engine, filled):
    reader = client_of(store)
    page = f"/shifts/{filled.shifts[0]}"
    assert '<form method="post"' not in reader.get(page).text
    assert reader.post(f"{page}/confirm", data={"baseline": "x"}).status_code == 403
    assert reader.get("/sign-in").status_code == 404
    assert reader.post("/sign-in", data={"name": "Ada", "token": ""}).status_code == 403
    assert standing(store, filled.shifts[0]) is None


def test_whoever_has_the_token_confirms_and_takes_it_back(store: Engine, filled):
    reader, page = signed_in(store), f"/shifts/{filled.shifts[0]}"
    text = reader.get(page).text
    assert re.search(r"<textarea[^>]*>[^<]{10,}</textarea>", text), "a draft of the line is offered"
    answer = reader.post(
        f"{page}/confirm", data={"form_token": form_token(reader, page), "baseline": "A pause is possible."}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, page)
    after = reader.get(page).text
    assert "Ada confirmed this shift" in after
    assert "A pause is possible." in after
    verdict = standing(store, filled.shifts[0])
    assert verdict
    assert verdict.by == "Ada"
    undone = reader.post(
        f"/verdicts/{verdict.id}/undo", data={"form_token": form_token(reader, page), "back": filled.shifts[0]}
    )
    assert undone.headers["location"] == page
    assert standing(store, filled.shifts[0]) is None
    with snapshot(store) as connection:
        line = positions.current(connection)[verdict.position_id]
    assert line.baseline != "A pause is possible."


def test_what_came_of_it_is_told_once(store: Engine, filled):
    reader, page = signed_in(store), f"/shifts/{filled.shifts[0]}"
    reader.post(f"{page}/reject", data={"form_token": form_token(reader, page), "reason": "old_news"})
    assert 'role="status">Ada judged this no shift (old news)' in reader.get(page).text
    assert 'role="status"' not in reader.get(page).text


def test_a_second_verdict_is_told_who_came_first(store: Engine, filled):
    first, second, page = signed_in(store), signed_in(store, "Ben"), f"/shifts/{filled.shifts[0]}"
    late = form_token(second, page)
    first.post(f"{page}/reject", data={"form_token": form_token(first, page), "reason": "misread"})
    second.post(f"{page}/confirm", data={"form_token": late, "baseline": "x"})
    assert "Ada judged this no shift (misread)" in second.get(page).text
    assert standing(store, filled.shifts[0]).by == "Ada"


def test_a_position_is_muted_and_heard_again(store: Engine, filled):
    reader, page = signed_in(store), "/positions/pos-000"
    reader.post(f"{page}/mute", data={"form_token": form_token(reader, page), "days": "3"})
    with snapshot(store) as connection:
        mute = mutes.active(connection, NOW)["pos-000"]
    assert (mute.by, (mute.until - NOW).days) == ("Ada", 3)
    assert "muted until" in reader.get("/").text
    reader.post(f"{page}/unmute", data={"form_token": form_token(reader, page)})
    with snapshot(store) as connection:
        assert mutes.active(connection, NOW) == {}


@pytest.mark.parametrize("days", ["", "0", "-1", "soon", "99999", "1e9"])
def test_a_mute_without_sense_is_refused_in_a_sentence(store: Engine, filled, days):
    reader, page = signed_in(store), "/positions/pos-000"
    answer = reader.post(f"{page}/mute", data={"form_token": form_token(reader, page), "days": days})
    assert answer.status_code == 303
    with snapshot(store) as connection:
        assert mutes.active(connection, NOW) == {}


def test_a_rejection_needs_a_known_reason(store: Engine, filled):
    reader, page = signed_in(store), f"/shifts/{filled.shifts[0]}"
    reader.post(f"{page}/reject", data={"form_token": form_token(reader, page), "reason": "because"})
    assert standing(store, filled.shifts[0]) is None
    assert "Choose why this is no shift" in reader.get(page).text


@pytest.mark.parametrize(
    ("headers", "change"),
    [
        ({}, lambda token: "0" * len(token)),
        ({}, lambda token: ""),
        ({"origin": "https://evil.example"}, lambda token: token),
        ({"origin": "null"}, lambda token: token),
        ({"sec-fetch-site": "cross-site"}, lambda token: token),
        ({"sec-fetch-site": "same-site"}, lambda token: token),
    ],
)
def test_a_form_from_elsewhere_decides_nothing(store: Engine, filled, headers, change):
    reader, page = signed_in(store), f"/shifts/{filled.shifts[0]}"
    token = change(form_token(reader, page))
    answer = reader.post(f"{page}/confirm", data={"form_token": token}, headers=headers)
    assert answer.status_code == 403
    assert standing(store, filled.shifts[0]) is None


def test_one_persons_form_is_not_anothers(store: Engine, filled):
    ada, ben, page = signed_in(store), signed_in(store, "Ben"), f"/shifts/{filled.shifts[0]}"
    answer = ben.post(f"{page}/reject", data={"form_token": form_token(ada, page), "reason": "misread"})
    assert answer.status_code == 403


def test_a_wrong_token_signs_nobody_in_and_many_shut_the_door_for_a_while(store: Engine, filled):
    reader = client_of(store, policy=BY_TOKEN)
    for _ in range(10):
        assert reader.post("/sign-in", data={"name": "Eve", "token": "guess"}).status_code == 403
    assert reader.post("/sign-in", data={"name": "Ada", "token": TOKEN}).status_code == 403
    assert "wait a minute" in reader.post("/sign-in", data={"name": "Ada", "token": TOKEN}).text


@pytest.mark.parametrize("cookie", ["", "x", "QWRh.9999999999.00", "QWRh..", "QWRh.99999999999999999999.é"])
def test_a_made_up_session_is_nobody(store: Engine, filled, cookie):
    reader = client_of(store, policy=BY_TOKEN)
    answer = reader.get("/", headers={"cookie": f"walkback_session={cookie}".encode()})
    assert answer.status_code == 200
    assert "Sign in to decide" in answer.text


def test_the_session_is_out_of_reach_of_scripts_and_other_sites(store: Engine, filled):
    answer = client_of(store, policy=BY_TOKEN).post("/sign-in", data={"name": "Ada", "token": TOKEN})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert TOKEN not in cookie


def test_signing_out_ends_it(store: Engine, filled):
    reader = signed_in(store)
    assert "Sign out" in reader.get("/").text
    reader.post("/sign-out", data={"form_token": form_token(reader, "/")})
    assert "Sign in to decide" in reader.get("/").text


def test_a_proxys_word_counts_from_the_proxy_alone(store: Engine, filled):
    page, named = f"/shifts/{filled.shifts[0]}", {"X-Forwarded-User": "Cleo"}
    stranger = client_of(store, policy=BY_PROXY, peer="192.0.2.1")
    assert "Decide" not in stranger.get(page, headers=named).text
    proxy = client_of(store, policy=BY_PROXY, peer="10.1.2.3")
    assert "Decide" not in proxy.get(page).text
    text = proxy.get(page, headers=named).text
    token = re.search(r'name="form_token" value="(\w+)"', text)[1]
    proxy.post(f"{page}/reject", data={"form_token": token, "reason": "misread"}, headers=named)
    assert standing(store, filled.shifts[0]).by == "Cleo"


def test_a_name_that_comes_twice_is_nobodys(store: Engine, filled):
    proxy = client_of(store, policy=BY_PROXY, peer="10.1.2.3")
    headers = [("X-Forwarded-User", "Cleo"), ("X-Forwarded-User", "Mallory")]
    assert "Decide" not in proxy.get(f"/shifts/{filled.shifts[0]}", headers=headers).text


def test_a_form_that_is_too_long_is_refused(store: Engine, filled):
    reader, page = signed_in(store), f"/shifts/{filled.shifts[0]}"
    assert reader.post(f"{page}/confirm", data={"baseline": "x" * 20_000}).status_code == 413


def test_words_in_a_cookie_are_told_only_if_the_bot_wrote_them(store: Engine, filled):
    reader = client_of(store)
    answer = reader.get("/", headers={"cookie": "walkback_said=UGF5IG1lLg.00"})
    assert 'role="status"' not in answer.text
