"""A campaign that has gone out, as rows: what events, pages and reports need before they have anything to do."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from newsletter.campaigns.models import Campaign, CampaignIssue, Variant
from newsletter.campaigns.states import CampaignKind, CampaignState
from newsletter.delivery.models import Batch, Delivery, Request
from newsletter.delivery.states import BatchState, WireClass
from newsletter.issues import content_json
from newsletter.issues.content import Block, Content, Item, Row, Section, Source, Table
from newsletter.issues.models import Issue, IssueState, IssueVersion
from subscribers.models import MailingList, Subscription, Tracking
from tests.builders import LONG_AGO, a_list, a_reader

SENT_AT = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
ATTEMPT = "attempt-1"

CONTENT = Content(
    publication="동향 소식",
    year=2026,
    number=9,
    sections=(Section("industry-tech", "산업·기술 동향"), Section("clipping", "기술 클리핑")),
    items=(
        Item(
            id="a1",
            kind="article",
            section="industry-tech",
            title="산호초를 지키는 수중 센서망 구축 계획",
            summary="연안 도시 세 곳이 수온과 산도를 재는 센서를 함께 놓는다.",
            categories=("AI",),
            source=Source("英", "Example Ocean Lab", "2026-08-20", "8.20"),
            reference="Example Ocean Lab, Plan for the reef, 2026.08.20.",
            body=(
                Block("paragraph", 0, "연안 도시 세 곳이 5년 동안 센서 1,200개를 놓기로 했다."),
                Block("bullet", 0, "첫 해에는 북쪽 만에서 시험한다."),
                Block("bullet", 1, "전력은 파도에서 얻는다."),
                Table(
                    "연도별 설치 계획",
                    ("연도", "내용"),
                    (
                        Row(("2027",), ((Block("bullet", 0, "시험 설치 200개"),),)),
                        Row(("2028", "남쪽"), ((Block("bullet", 0, "본 설치"), Block("bullet", 1, "점검 두 번")),)),
                    ),
                ),
                Block("note", 0, "수심은 간조를 기준으로 한다."),
                Block("footnote", 0, "* 산도는 수소 이온 농도를 뜻한다."),
            ),
        ),
        Item(
            id="a2",
            kind="article",
            section="industry-tech",
            title="논 위를 나는 소형 드론의 <b>배터리</b> & 교환소",
            summary="마을마다 교환소를 두어 비행 시간을 두 배로 늘린다.",
            categories=("배터리", "모빌리티"),
            source=Source(None, "Example Farm Council", "2026-08", "8月", "https://farm.example.org/report"),
            body=(Block("paragraph", 0, "교환소는 하루에 300번까지 쓸 수 있다."),),
        ),
        Item(
            id="c1",
            kind="clipping",
            section="clipping",
            title="조개껍데기로 만든 단열재",
            summary="버려진 껍데기를 갈아 굳힌 판이 열을 30% 덜 흘린다.",
            categories=("신소재",),
            source=Source(None, "Example Materials", "2026-08-11", "8.11"),
            body=(Block("bullet", 0, "값은 유리솜과 같다."),),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class World:
    """What was sent: positions from 1, in the order of `readers`."""

    list_id: int
    campaign_id: int
    campaign_ref: str
    readers: tuple[Subscription, ...]
    emails: tuple[str, ...]

    def delivery_id(self, position: int) -> str:
        return f"{self.campaign_id}-{position}"


def a_world(
    session: Session,
    *,
    count: int = 3,
    tracking: Sequence[Tracking] = (),
    slug: str = "digest",
    is_public: bool = True,
) -> World:
    """A list, readers (individual tracking unless told otherwise), a sent issue, and a campaign accepted whole."""
    mailing_list = a_list(session, slug=slug, is_public=is_public)
    emails = tuple(f"reader{number}@{slug}.example.com" for number in range(1, count + 1))
    kinds = [*tracking, *[Tracking.INDIVIDUAL] * (count - len(tracking))]
    readers = tuple(
        a_reader(session, mailing_list, email=email, tracking=kind) for email, kind in zip(emails, kinds, strict=True)
    )
    version = an_issue(session, mailing_list)
    campaign = _campaign(session, mailing_list, count)
    assert campaign.id is not None
    assert mailing_list.id is not None
    session.add(CampaignIssue(campaign_id=campaign.id, issue_version_id=version, ordinal=0))
    _send(session, campaign.id, readers)
    return World(mailing_list.id, campaign.id, campaign.ref, readers, emails)


def an_issue(
    session: Session,
    mailing_list: MailingList,
    *,
    content: Content = CONTENT,
    state: IssueState = IssueState.READY,
) -> int:
    """An issue with one version, whose id this is."""
    assert mailing_list.id is not None
    issue = Issue(
        list_id=mailing_list.id,
        key=content.key,
        year=content.year,
        number=content.number,
        state=state,
        created_at=LONG_AGO,
    )
    session.add(issue)
    session.flush()
    assert issue.id is not None
    return a_version(session, issue.id, content=content)


def a_version(session: Session, issue_id: int, *, content: Content, number: int = 1) -> int:
    version = IssueVersion(
        issue_id=issue_id,
        number=number,
        digest=content_json.content_digest(content),
        content=content_json.dump(content).decode(),
        created_at=LONG_AGO,
    )
    session.add(version)
    session.flush()
    assert version.id is not None
    return version.id


def _campaign(session: Session, mailing_list: MailingList, count: int) -> Campaign:
    assert mailing_list.id is not None
    campaign = Campaign(
        ref=secrets.token_urlsafe(9),
        list_id=mailing_list.id,
        kind=CampaignKind.ISSUE,
        state=CampaignState.FINISHED,
        schedule=f"manual:{mailing_list.slug}",
        occurrence="2026-09-01T17:00",
        starts_at=SENT_AT,
        batch_size=250,
        nonce="0123456789abcdef",
        candidate_count=count,
        created_at=SENT_AT,
        frozen_at=SENT_AT,
        finished_at=SENT_AT + timedelta(minutes=1),
    )
    session.add(campaign)
    session.flush()
    return campaign


def _send(session: Session, campaign_id: int, readers: Sequence[Subscription]) -> None:
    variant = Variant(
        campaign_id=campaign_id,
        key="k",
        language="ko",
        tracking=Tracking.INDIVIDUAL,
        is_advertising=False,
        template_hash="t",
        subject="산호초를 지키는 수중 센서망 외 2건",
        preheader="p",
        html="<p>-nl0123456789abcdef_picks_h-</p>",
        text="t",
        full_count=3,
        line_count=0,
        shortened_count=0,
    )
    session.add(variant)
    session.flush()
    assert variant.id is not None
    for position, reader in enumerate(readers, 1):
        assert reader.id is not None
        session.add(
            Delivery(
                campaign_id=campaign_id,
                position=position,
                subscriber_id=reader.subscriber_id,
                subscription_id=reader.id,
                selection_id=reader.selection_id,
                variant_id=variant.id,
            )
        )
    batch = Batch(
        campaign_id=campaign_id,
        variant_id=variant.id,
        first_position=1,
        last_position=max(1, len(readers)),
        not_before=SENT_AT,
        state=BatchState.ACCEPTED,
        attempt_id=ATTEMPT,
        attempt_count=1,
        message_id="m",
        settled_at=SENT_AT,
    )
    session.add(batch)
    session.flush()
    assert batch.id is not None
    session.add(
        Request(
            attempt_id=ATTEMPT,
            batch_id=batch.id,
            provider="sendgrid",
            worker="w",
            called_at=SENT_AT,
            deadline_at=SENT_AT + timedelta(seconds=150),
            call_over_at=SENT_AT,
            outcome=WireClass.ACCEPTED,
            status=202,
            message_id="m",
        )
    )
    session.flush()
