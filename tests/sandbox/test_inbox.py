"""The pages: who is listed, what a reader sees, that a mail can do no harm, and that looking is opening."""

import html
import json
import re
from http import HTTPStatus

import pytest

from tests.sandbox.conftest import Start
from tests.sandbox.support import Receiver, Running, message, until

TRACKED = {"open_tracking": {"enable": True, "substitution_tag": "-open-"}}
PIXEL = re.compile(r'<img src="(http://[^"]*/wf/open\?mail=[^"]+)"')


@pytest.fixture
def sandbox(start: Start, receiver: Receiver) -> Running:
    return start("--webhook", receiver.address, "--batch-interval", "3600")


def mail_id(sandbox: Running, address: str) -> str:
    found: str = sandbox.api(f"mails?to={address}")["mails"][0]["id"]
    return found


def test_the_list_shows_the_newest_first_and_searches_addresses_and_names(sandbox: Running) -> None:
    body = message("alice@example.com", "bob@example.org")
    body["personalizations"][1]["to"][0]["name"] = "밥 로스"
    sandbox.send(body)
    page = sandbox.http.get("/").text
    assert page.index("bob@example.org") < page.index("alice@example.com")
    assert "Hello Alice" in page
    for search, found in (("example.org", True), ("BOB", True), ("로스", True), ("alice", False), ("%", False)):
        assert ("bob@example.org" in sandbox.http.get("/", params={"to": search}).text) is found, search


def test_long_lists_have_pages(sandbox: Running) -> None:
    sandbox.send(message(*(f"r{n:03}@example.com" for n in range(120))))
    seen: list[str] = []
    path = "/"
    for _ in range(3):
        page = sandbox.http.get(path).text
        seen += re.findall(r"<small>(.*?)</small>", page)
        older = re.search(r'href="([^"]+)">Older', page)
        path = html.unescape(older[1]) if older else ""
    assert seen == [f"r{n:03}@example.com" for n in reversed(range(120))]
    assert path == ""


def test_every_view_shows_its_part(sandbox: Running) -> None:
    sandbox.send(message("alice@example.com"))
    one = mail_id(sandbox, "alice@example.com")
    shown = {
        view: sandbox.http.get(f"/mail/{one}", params={"view": view}).text
        for view in ("desktop", "phone", "text", "headers", "source", "events")
    }
    assert f'src="/mail/{one}/body"' in shown["desktop"]
    assert 'class="stage phone"' in shown["phone"]
    assert "Hi Alice" in shown["text"]
    assert "List-Unsubscribe" in shown["headers"]
    assert "nl_delivery_id" in shown["headers"]
    assert "&lt;p&gt;Hi Alice &amp;amp; Co&lt;/p&gt;" in shown["source"]
    assert "delivered" in shown["events"]
    assert "Hi Alice &amp; Co" in sandbox.http.get(f"/mail/{one}/body").text


def test_a_mail_is_framed_without_scripts_forms_or_our_origin(sandbox: Running) -> None:
    evil = '<html><head></head><body><script>x()</script><form action="/"></form></body></html>'
    sandbox.send(
        message("alice@example.com", subject="<script>y()</script>", content=[{"type": "text/html", "value": evil}])
    )
    one = mail_id(sandbox, "alice@example.com")
    policy = sandbox.http.get(f"/mail/{one}/body").headers["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-popups")
    for allowed in ("allow-scripts", "allow-forms", "allow-same-origin", "script-src"):
        assert allowed not in policy
    page = sandbox.http.get(f"/mail/{one}")
    assert "<script>" not in page.text
    assert "allow-scripts" not in page.text
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_looking_at_a_tracked_mail_loads_its_pixel_and_opens_it(sandbox: Running, receiver: Receiver) -> None:
    content = [{"type": "text/html", "value": "<body>-open-<p>text</p></body>"}]
    sandbox.send(message("alice@example.com", content=content, tracking_settings=TRACKED))
    one = mail_id(sandbox, "alice@example.com")
    body = sandbox.http.get(f"/mail/{one}/body").text
    pixel = PIXEL.search(body)
    assert pixel is not None
    assert "-open-" not in body
    assert body.index(pixel[0]) < body.index("<p>text</p>")
    picture = sandbox.http.get(pixel[1])
    assert (picture.headers["Content-Type"], picture.content[:3]) == ("image/gif", b"GIF")
    sandbox.api("flush", {})
    opens = [event for event in receiver.events if event["event"] == "open"]
    assert [(event["email"], event["sg_machine_open"]) for event in opens] == [("alice@example.com", False)]


def test_source_headers_and_text_are_no_open_and_an_untracked_mail_has_no_pixel(
    sandbox: Running, receiver: Receiver
) -> None:
    sandbox.send(message("alice@example.com"))
    one = mail_id(sandbox, "alice@example.com")
    for view in ("text", "headers", "source", "events"):
        sandbox.http.get(f"/mail/{one}", params={"view": view})
    assert not PIXEL.search(sandbox.http.get(f"/mail/{one}/body").text)
    sandbox.http.get("/wf/open", params={"mail": one})
    sandbox.api("flush", {})
    assert receiver.kinds("alice@example.com") == ["processed", "delivered"]


def test_the_buttons_act_for_the_reader(sandbox: Running, receiver: Receiver) -> None:
    offer = {
        "List-Unsubscribe": f"<mailto:u@example.com>, <http://127.0.0.1:{receiver.port}/u/1>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    body = message("alice@example.com", tracking_settings=TRACKED)
    body["personalizations"][0]["headers"] = offer
    sandbox.send(body)
    one = mail_id(sandbox, "alice@example.com")
    for deed in ("open-as-machine", "complain", "unsubscribe"):
        assert sandbox.http.post(f"/mail/{one}/{deed}").status_code == HTTPStatus.SEE_OTHER
    assert receiver.posts.pop().body == b"List-Unsubscribe=One-Click"
    sandbox.api("flush", {})
    assert receiver.kinds("alice@example.com") == ["processed", "delivered", "open", "spamreport"]
    assert [e["sg_machine_open"] for e in receiver.events if e["event"] == "open"] == [True]


def test_one_click_goes_nowhere_but_to_this_machine(sandbox: Running) -> None:
    body = message("alice@example.com")
    body["personalizations"][0]["headers"]["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    sandbox.send(body)
    result = sandbox.api(f"mails/{mail_id(sandbox, 'alice@example.com')}/unsubscribe", {})["result"]
    assert result == "Not asked: https://example.com/u/1 is not on this machine."


@pytest.mark.parametrize("path", ["/mail/nothing.0", "/mail/x", "/mail/nothing.0/body", "/nowhere", "/api/mails/x.0"])
def test_what_is_not_there_is_404(shared: Running, path: str) -> None:
    assert shared.http.get(path).status_code == HTTPStatus.NOT_FOUND


def test_other_sites_can_neither_read_nor_act(shared: Running) -> None:
    rebound = shared.http.get("/", headers={"Host": "evil.example.com"})
    forged = shared.http.post("/api/flush", headers={"Origin": "https://evil.example.com"})
    framed = shared.http.post("/api/flush", headers={"Origin": "null"})
    own = shared.http.post("/api/flush", headers={"Origin": f"http://127.0.0.1:{shared.port}"})
    assert [answer.status_code for answer in (rebound, forged, framed, own)] == [403, 403, 403, 200]


def test_the_interface_finds_a_mail_with_everything_about_it(sandbox: Running) -> None:
    sandbox.send(message("alice@example.com"))
    one = sandbox.api(f"mails/{mail_id(sandbox, 'alice@example.com')}")
    assert one["subject"] == "Hello Alice"
    assert one["text"] == "Hi Alice"
    assert one["custom_args"] == {"nl_attempt_id": "attempt-1", "nl_delivery_id": "delivery-0"}
    assert [event["kind"] for event in one["events"]] == ["processed", "delivered"]
    until(lambda: sandbox.api("flush", {})["events_waiting"] == 0)
    posted = sandbox.api(f"mails/{one['id']}")["events"]
    assert all(event["posted"] for event in posted)


def test_a_stranger_rebuilds_every_mail_from_the_files_alone(sandbox: Running) -> None:
    """As docs/sandbox.md says: JSON and plain replacement, nothing of ours."""
    sandbox.send(message("alice@example.com", "bob@example.com"))
    (line,) = sandbox.journal()
    name = line["content"].removeprefix("sha256:")
    blocks = {
        one["type"]: one["value"] for one in json.loads((sandbox.state / "content" / f"{name}.json").read_bytes())
    }
    for number, personalization in enumerate(line["personalizations"]):
        parts = [personalization.get("subject", line["message"]["subject"]), blocks["text/plain"], blocks["text/html"]]
        for tag, value in personalization["substitutions"].items():
            parts = [part.replace(tag, value) for part in parts]
        shown = sandbox.api(f"mails/{line['message_id']}.{number}")
        assert parts == [shown["subject"], shown["text"], shown["html"]]
        assert "-name" not in "".join(parts)


def test_the_interface_refuses_what_makes_no_sense(shared: Running) -> None:
    for path, body in (("switches", {"nonsense": 1}), ("opens", {"everyone": 1})):
        assert shared.http.post(f"/api/{path}", json=body).status_code == HTTPStatus.BAD_REQUEST
    assert shared.http.post("/api/switches", content=b"[1]").status_code == HTTPStatus.BAD_REQUEST
