from __future__ import annotations

from dataclasses import replace

import pytest
from sqlmodel import Session, select

from newsletter.issues.content import Block, Content, Item, Row, Section, Source, Table
from newsletter.issues.models import Issue, IssueState
from newsletter.kit.tokens import Purpose
from newsletter.rendering.links import Links
from subscribers.models import MailingList
from tests.events.world import CONTENT, a_version, an_issue
from tests.web.conftest import ORIGIN, Served

ISSUE = "/issues/digest/2026-09"


def test_home_lists_public_lists_and_their_issues(served: Served) -> None:
    page = served.client().get("/")
    assert page.status_code == 200
    assert f'href="{ISSUE}"' in page.text
    assert "2026년 9호" in page.text
    with served.database.write() as session:
        mailing_list = session.get_one(MailingList, served.world.list_id)
        mailing_list.is_public = False
        session.add(mailing_list)
    assert f'href="{ISSUE}"' not in served.client().get("/").text
    hidden = served.client().get(ISSUE)
    assert (hidden.status_code, hidden.headers["x-robots-tag"]) == (200, "noindex, nofollow")


def test_an_issue_shows_every_item_in_its_section(served: Served) -> None:
    page = served.client().get(ISSUE).text
    places = [page.index(f'href="{ISSUE}/{item.id}"') for item in CONTENT.items]
    assert places == sorted(places)
    assert "산업·기술 동향" in page


def test_an_item_shows_its_whole_body(served: Served) -> None:
    page = served.client().get(f"{ISSUE}/a1").text
    for text in ("5년 동안 센서 1,200개", "전력은 파도에서", "수심은 간조를", "수소 이온 농도", "Plan for the reef"):
        assert text in page
    assert "<caption>연도별 설치 계획</caption>" in page
    assert '<th scope="col" colspan="2">연도</th>' in page
    assert '<th scope="row">남쪽</th>' in page
    assert page.count("<tr>") == 3
    assert '<h1 lang="ko">' in page


def test_titles_are_text_not_markup(served: Served) -> None:
    page = served.client().get(f"{ISSUE}/a2").text
    assert "&lt;b&gt;배터리&lt;/b&gt; &amp; 교환소" in page
    assert 'href="https://farm.example.org/report" rel="noreferrer noopener nofollow"' in page


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_chrome_speaks_both_languages_and_the_text_its_own(sqlite: Served, language: str) -> None:
    page = sqlite.client().get(f"{ISSUE}/a1", params={"lang": language}).text
    assert f'<html lang="{language}">' in page
    assert ("Articles are in Korean." in page) is (language == "en")
    assert CONTENT.items[0].title in page


def test_links_of_mails_lead_here(sqlite: Served) -> None:
    links = Links(ORIGIN, "digest", "2026-09", sqlite.world.campaign_ref)
    addresses = [
        links.issue(),
        *(links.item(item.id) for item in CONTENT.items),
        links.pixel(),
        links.preferences(sqlite.token(Purpose.PREFERENCES)),
        links.unsubscribe(sqlite.token(Purpose.UNSUBSCRIBE)),
        links.web_copy(sqlite.token(Purpose.WEB_COPY)),
    ]
    assert {sqlite.client().get(address).status_code for address in addresses} == {200}
    click = sqlite.client().get(links.click(sqlite.token(Purpose.CLICK), 2))
    assert (click.status_code, f"{ORIGIN}{click.headers['location']}") == (302, links.item("a2"))


@pytest.mark.parametrize(
    "path", ["/issues/digest/2026-10", "/issues/other/2026-09", f"{ISSUE}/zz", "/issues/digest", f"{ISSUE}/a1/x", "/x"]
)
def test_what_is_not_there_is_the_neutral_page(sqlite: Served, path: str) -> None:
    answer = sqlite.client().get(path)
    assert answer.status_code == 404
    assert "여기에는 아무것도 없습니다" in answer.text


def test_a_draft_is_seen_by_nobody(served: Served) -> None:
    with served.database.write() as session:
        mailing_list = session.get_one(MailingList, served.world.list_id)
        an_issue(session, mailing_list, content=replace(CONTENT, number=10), state=IssueState.DRAFT)
    assert served.client().get("/issues/digest/2026-10").status_code == 404
    assert "2026-10" not in served.client().get("/").text


def test_a_correction_shows_once_it_is_ready(served: Served) -> None:
    """Until then the page holds what was sent: a mail's links never lead to nothing."""
    better = replace(CONTENT, items=(replace(CONTENT.items[0], title="고쳐 쓴 제목"), *CONTENT.items[1:]))
    with served.database.write() as session:
        issue = _issue(session)
        assert issue.id is not None
        a_version(session, issue.id, content=better, number=2)
        issue.state = IssueState.DRAFT
        session.add(issue)
    assert CONTENT.items[0].title in served.client().get(f"{ISSUE}/a1").text
    with served.database.write() as session:
        issue = _issue(session)
        issue.state = IssueState.READY
        session.add(issue)
    assert "고쳐 쓴 제목" in served.client().get(f"{ISSUE}/a1").text


def _issue(session: Session) -> Issue:
    return session.exec(select(Issue)).one()


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    "{{ 7*7 }}{% for x in ().__class__.__base__.__subclasses__() %}{{ x }}{% endfor %}",
    "</title><svg onload=alert(1)>",
    "\u202egnp.exe",
    "a\x00b\x1bc",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_content_is_printed_and_not_run(sqlite: Served, text: str) -> None:
    """S-34: payloads in every field that a page prints."""
    cell = (Block("bullet", 0, text), Block("note", 0, text))
    item = Item(
        id="x1",
        kind="article",
        section="s",
        title=text,
        summary=text,
        categories=(text,),
        source=Source(text, text, None, text, text),
        reference=text,
        body=(
            *(Block(kind, 0, text) for kind in ("paragraph", "bullet", "note", "footnote")),
            Table(text, (text, text), (Row((text, text), (cell,)),)),
        ),
    )
    content = Content("p", 2026, 11, note=text, sections=(Section("s", text),), items=(item,))
    with sqlite.database.write() as session:
        an_issue(session, session.get_one(MailingList, sqlite.world.list_id), content=content)
    for path in ("/", "/issues/digest/2026-11", "/issues/digest/2026-11/x1"):
        page = sqlite.client().get(path)
        assert page.status_code == 200
        lower = page.text.lower()
        assert not any(
            mark in lower for mark in ("<script", "<img", "<svg", 'href="javascript', "\u202e", "\x00", "\x1b")
        )
        assert "7*7" in page.text if "7*7" in text and path != "/" else "49" not in page.text


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.example.net/x",
        "https://user:pass@evil.example.net",
        "https://example.org\\@evil.example.net",
        "ftp://example.org/x",
        "https:///x",
        "/relative",
        "",
    ],
)
def test_an_odd_original_is_no_link(sqlite: Served, url: str) -> None:
    """S-36."""
    item = replace(CONTENT.items[1], source=Source(None, "o", None, "", url))
    content = replace(CONTENT, number=12, items=(item,))
    with sqlite.database.write() as session:
        an_issue(session, session.get_one(MailingList, sqlite.world.list_id), content=content)
    page = sqlite.client().get("/issues/digest/2026-12/a2").text
    assert "원문 보기" not in page


def test_the_web_copy_is_the_mail_locked_up(served: Served) -> None:
    answer = served.client().get(f"/m/{served.token(Purpose.WEB_COPY)}")
    assert answer.status_code == 200
    assert answer.headers["content-security-policy"].startswith("sandbox ")
    assert "script-src" not in answer.headers["content-security-policy"]
    assert "-nl" not in answer.text
    missing = served.product.keys.sign(Purpose.WEB_COPY, served.world.campaign_id, 999)
    assert served.client().get(f"/m/{missing}").status_code == 404
