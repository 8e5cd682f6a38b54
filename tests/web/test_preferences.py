from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from newsletter.kit.clock import SteppedClock
from newsletter.kit.tokens import Purpose
from newsletter.web.phrases import TRACKING_CONSENT_VERSION
from subscribers.models import Cadence, ConsentAction, ConsentRecord, Selection, Subscriber, Subscription, Tracking
from tests.web.conftest import Served

FORM = {
    "section": ["policy", "clipping"],
    "category": ["AI"],
    "cadence": "weekly",
    "language": "en",
    "tracking": "aggregate",
    "pause": "keep",
}


def the_link(served: Served, position: int = 1) -> str:
    return f"/p/{served.token(Purpose.PREFERENCES, position)}"


def stored(served: Served, position: int = 1) -> tuple[Subscription, Selection]:
    with served.database.read() as session:
        subscription = session.get_one(Subscription, served.reader_id(position))
        return subscription, session.get_one(Selection, subscription.selection_id)


def test_the_page_shows_every_choice_and_no_name_or_address(served: Served) -> None:
    """S-05."""
    link = the_link(served)
    served.client().post(link, data=FORM | {"name": "Alice Example"})
    page = served.client().get(link)
    assert page.status_code == 200
    for part in ('name="all_sections"', 'value="policy"', 'value="AI"', 'name="cadence"', 'name="tracking"'):
        assert part in page.text
    assert "Alice Example" not in page.text
    assert served.world.emails[0] not in page.text
    assert 'name="forget_name"' in page.text


def test_saving_changes_what_was_set_and_leads_back(served: Served) -> None:
    link = the_link(served)
    answer = served.client().post(link, data=FORM | {"name": " Alice "})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{link}?saved=1")
    subscription, selection = stored(served)
    assert (selection.sections, selection.categories) == (["clipping", "policy"], ["AI"])
    assert (selection.all_sections, selection.all_categories) == (False, False)
    assert (subscription.name, subscription.language, subscription.cadence) == ("Alice", "en", Cadence.WEEKLY)
    assert stored(served, 2)[1].all_sections
    page = served.client().get(f"{link}?saved=1")
    assert 'role="status"' in page.text
    assert '<html lang="en">' in page.text


def test_all_also_future_ones(served: Served) -> None:
    served.client().post(the_link(served), data=FORM)
    served.client().post(the_link(served), data=FORM | {"all_sections": "1", "all_categories": "1"})
    _, selection = stored(served)
    assert (selection.all_sections, selection.all_categories, selection.sections) == (True, True, [])


def test_who_has_all_and_unticks_one_has_not_all_any_more(served: Served) -> None:
    """The page shows every box ticked beside *all*; what is unticked there must not be lost without a word."""
    link = the_link(served)
    page = served.client().get(link).text
    ticked = re.findall(r'name="(section|category)" value="([^"]+)" checked', page)
    boxes = {kind: [value for name, value in ticked if name == kind] for kind in ("section", "category")}
    all_of_it = FORM | boxes | {"all_sections": "1", "all_categories": "1"}
    served.client().post(link, data=all_of_it)
    assert (stored(served)[1].all_sections, stored(served)[1].all_categories) == (True, True)
    served.client().post(link, data=all_of_it | {"section": [key for key in boxes["section"] if key != "policy"]})
    _, selection = stored(served)
    assert (selection.all_sections, selection.all_categories) == (False, True)
    assert selection.sections == sorted(set(boxes["section"]) - {"policy"})


def test_a_pause_ends_on_the_day_of_the_readers_own_zone(sqlite: Served) -> None:
    """16:00 UTC is the next day in Seoul."""
    link = the_link(sqlite)
    with sqlite.database.write() as session:
        one = session.get_one(Subscription, sqlite.reader_id(1))
        one.paused_until, one.time_zone = datetime(2030, 3, 1, 16, tzinfo=UTC), "Asia/Seoul"
    assert "2030-03-02" in sqlite.client().get(link).text


def test_a_pause_is_set_kept_and_ended(sqlite: Served, clock: SteppedClock) -> None:
    link = the_link(sqlite)
    sqlite.client().post(link, data=FORM | {"pause": "14"})
    until = clock.now() + timedelta(days=14)
    assert stored(sqlite)[0].paused_until == until
    sqlite.client().post(link, data=FORM)
    assert stored(sqlite)[0].paused_until == until
    assert until.date().isoformat() in sqlite.client().get(link).text
    sqlite.client().post(link, data=FORM | {"pause": "none"})
    assert stored(sqlite)[0].paused_until is None


def test_a_consent_to_be_followed_is_recorded_with_its_text(served: Served) -> None:
    """C-44, I7: and so is its end."""
    link = the_link(served)
    served.client().post(link, data=FORM)
    served.client().post(link, data=FORM | {"tracking": "individual"})
    assert stored(served)[0].tracking is Tracking.INDIVIDUAL
    with served.database.read() as session:
        query = select(ConsentRecord).where(ConsentRecord.purpose == "tracking", ConsentRecord.how == "preferences")
        ended, given = session.exec(query.order_by("id")).all()
    assert (ended.action, given.action) == (ConsentAction.WITHDRAWN, ConsentAction.GIVEN)
    assert given.text_version == TRACKING_CONSENT_VERSION
    assert given.text_hash is not None
    assert given.ip == "192.0.2.0/24"


@pytest.mark.parametrize(
    "extra",
    [
        {"role": "owner"},
        {"section": ["policy", "no-such"]},
        {"category": ["no-such"]},
        {"cadence": "hourly"},
        {"name": "a\x0bb"},
        {"name": "x" * 201},
        {"tracking": ""},
    ],
)
def test_what_the_page_did_not_offer_changes_nothing(sqlite: Served, extra: dict[str, object]) -> None:
    """S-27."""
    before = stored(sqlite)
    answer = sqlite.client().post(the_link(sqlite), data=FORM | extra)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert stored(sqlite) == before


def test_a_form_from_elsewhere_changes_nothing(sqlite: Served) -> None:
    """S-25."""
    before = stored(sqlite)
    for client in (sqlite.stranger(Origin="https://evil.example.net"), sqlite.stranger()):
        assert client.post(the_link(sqlite), data=FORM).status_code == 403
    assert stored(sqlite) == before


def test_a_link_works_on_its_ninetieth_day_and_not_after(sqlite: Served, clock: SteppedClock) -> None:
    """S-04."""
    link = the_link(sqlite)
    clock.advance(timedelta(days=90))
    assert sqlite.client().get(link).status_code == 200
    clock.advance(timedelta(days=1))
    assert sqlite.client().get(link).status_code == 404
    assert sqlite.client().post(link, data=FORM).status_code == 404


def test_a_raised_generation_ends_older_links_and_not_the_unsubscribe(sqlite: Served) -> None:
    """S-01."""
    with sqlite.database.write() as session:
        person = session.get_one(Subscriber, sqlite.world.readers[0].subscriber_id)
        person.link_generation = 1
        session.add(person)
    assert sqlite.client().get(the_link(sqlite)).status_code == 404
    assert sqlite.client().get(f"/u/{sqlite.token(Purpose.UNSUBSCRIBE)}").status_code == 200


def test_the_page_keeps_the_language_it_was_asked_in_until_another_is_chosen(sqlite: Served) -> None:
    link = the_link(sqlite)
    kept = sqlite.client().post(f"{link}?lang=en", data=FORM | {"language": "ko"})
    assert kept.headers["location"] == f"{link}?saved=1&lang=en"
    chosen = sqlite.client().post(f"{link}?lang=ko", data=FORM | {"language": "en"})
    assert chosen.headers["location"] == f"{link}?saved=1"
    assert f'action="{link}?lang=en"' in sqlite.client().get(f"{link}?lang=en").text
    assert f'action="{link}"' in sqlite.client().get(f"{link}?lang=xx").text


def test_the_page_leads_to_leaving(sqlite: Served) -> None:
    (leave,) = re.findall(r'href="(/u/[^"]+)"', sqlite.client().get(the_link(sqlite)).text)
    assert sqlite.client().get(leave).status_code == 200
    sqlite.stranger().post(leave, data={"List-Unsubscribe": "One-Click"})
    assert stored(sqlite)[0].ended_at is not None
    assert "그만 받기로 하셨습니다" in sqlite.client().get(the_link(sqlite)).text


def test_who_picks_nothing_is_told_that_nothing_comes(sqlite: Served) -> None:
    link = the_link(sqlite)
    sqlite.client().post(link, data={key: value for key, value in FORM.items() if key != "section"})
    assert "No section is picked" in sqlite.client().get(link).text


def test_hostile_text_is_printed_and_not_run(sqlite: Served) -> None:
    """S-34: what a reader sends back comes out as text, braces too."""
    answer = sqlite.client().post(the_link(sqlite), data=FORM | {"category": ["<script>{{ 7*7 }}</script>"]})
    assert answer.status_code == 422
    assert "<script" not in answer.text
    assert "49" not in answer.text
