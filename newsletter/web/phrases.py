"""The words of the public pages, Korean and English, as one typed table: a missing phrase is a type error.

Longer than other files because it is one table; nothing in it is decided.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from newsletter.rendering.look import Language

LANGUAGES: Final[tuple[Language, ...]] = ("ko", "en")


@dataclass(frozen=True, slots=True)
class Phrases:
    """The fixed sentences of one language. `{}` stands for what the page fills in."""

    # Around every page
    other_language: str
    skip: str
    home: str
    legal: str

    # Home and archive
    home_title: str
    home_lead: str
    no_lists: str
    no_issues: str
    articles: str
    clippings: str
    articles_language: str
    whole_issue: str
    reference: str
    original: str
    previous: str
    next: str
    note: str

    # Leaving
    leave_title: str
    leave_lead: str
    leave_button: str
    leave_hint: str
    left_title: str
    left_lead: str
    undo_button: str
    undone_title: str
    undone_lead: str
    not_undone_title: str
    not_undone_lead: str
    all_button: str
    all_hint: str
    all_title: str
    all_lead: str

    # Preferences
    preferences_title: str
    preferences_for: str
    saved: str
    nothing_picked: str
    has_left: str
    not_confirmed: str
    paused_until: str
    fix: str
    sections: str
    sections_hint: str
    categories: str
    categories_hint: str
    everything: str
    when_empty: str
    cadence: str
    cadences: Mapping[str, str]
    language: str
    languages: Mapping[str, str]
    name: str
    name_hint: str
    name_stored: str
    forget_name: str
    tracking: str
    tracking_hint: str
    trackings: Mapping[str, tuple[str, str]]
    pause: str
    pauses: Mapping[str, str]
    save: str
    leave_link: str
    errors: Mapping[str, str]

    # Problems
    problems: Mapping[int, tuple[str, str]]


TRACKING_CONSENT_VERSION: Final = "tracking-1"
"""Names the two texts below in consent records; a changed text gets a new name."""
_CONSENT_KO = (
    "동의하시면 언제 메일을 열고 어떤 소식을 누르셨는지 13개월까지 보관하여 소식지를 다듬는 데 씁니다. "
    "동의를 거두시면 그 뒤로는 기록하지 않습니다. "
    "다만 이미 받으신 메일의 그림을 부르는 것은 발송 회사(SendGrid)가 볼 수 있습니다."
)
_CONSENT_EN = (
    "If you agree, we keep for up to 13 months when you opened a mail and which items you clicked, to improve the "
    "newsletter. If you withdraw this, we record nothing from then on; our sending provider (SendGrid) can still see "
    "the image of mails you already have being loaded."
)

KOREAN: Final = Phrases(
    other_language="English",
    skip="본문으로",
    home="처음으로",
    legal="이 사이트는 방문자를 따라다니지 않습니다. 다른 곳의 자료를 부르지 않고, 쿠키도 쓰지 않습니다.",
    home_title="소식지",
    home_lead="골라 받는 소식지의 지난 호를 여기에서 모두 읽으실 수 있습니다.",
    no_lists="아직 공개된 소식지가 없습니다.",
    no_issues="아직 나온 호가 없습니다.",
    articles="기사 {}건",
    clippings="클리핑 {}건",
    articles_language="",
    whole_issue="이 호 전체 보기",
    reference="참고",
    original="원문 보기",
    previous="앞 소식",
    next="다음 소식",
    note="편집자의 말",
    leave_title="그만 받으시겠습니까?",
    leave_lead="{address} 앞으로 보내 드리던 <b>{list}</b> 메일을 더 보내지 않습니다.",
    leave_button="수신 거부",
    leave_hint="무료이며 바로 처리됩니다. 로그인도, 이유도 묻지 않습니다.",
    left_title="수신을 거부하셨습니다",
    left_lead="{address} 앞으로 <b>{list}</b> 메일을 더 보내지 않습니다.",
    undo_button="되돌리기",
    undone_title="다시 보내 드리겠습니다",
    undone_lead="{address} 앞으로 <b>{list}</b> 메일을 전과 같이 보내 드립니다.",
    not_undone_title="되돌릴 수 없습니다",
    not_undone_lead="되돌리기는 그만둔 뒤 하루 동안만 됩니다. <b>{list}</b> 메일을 다시 받으시려면 새로 신청하십시오.",
    all_button="모든 소식지 그만 받기",
    all_hint="저희가 보내는 다른 소식지도 모두 그만 받으실 수 있습니다.",
    all_title="아무것도 보내지 않겠습니다",
    all_lead="{address} 앞으로 저희 소식지를 하나도 보내지 않습니다.",
    preferences_title="받을 소식 정하기",
    preferences_for="<b>{list}</b> · {address}",
    saved="저장했습니다. 다음 메일부터 이대로 보내 드립니다.",
    nothing_picked="고르신 섹션이 없어서 지금은 메일이 가지 않습니다.",
    has_left="이 소식지는 그만 받기로 하셨습니다. 여기에서 정하신 것은 다시 신청하실 때 쓰입니다.",
    not_confirmed="아직 신청을 확인하지 않으셨습니다. 확인 메일의 단추를 누르시면 소식지가 갑니다.",
    paused_until="{}까지 쉬고 있습니다.",
    fix="저장하지 못했습니다. 아래를 고쳐 주십시오.",
    sections="섹션",
    sections_hint="고르신 섹션의 소식만 메일에 들어갑니다.",
    categories="기술 분야",
    categories_hint="고르신 분야의 기사는 본문으로, 다른 기사는 한 줄로 보내 드립니다. 다른 분야의 클리핑은 빠집니다.",
    everything="모두, 앞으로 생길 것도",
    when_empty="맞는 소식이 없는 호에서는 머리기사만이라도 받기",
    cadence="얼마나 자주",
    cadences={"each": "호가 나올 때마다", "weekly": "한 주에 한 번", "monthly": "한 달에 한 번"},
    language="메일의 언어",
    languages={"ko": "한국어", "en": "English (기사는 한국어)"},
    name="이름",
    name_hint="메일의 받는 사람에 적습니다. 비워 두시면 지금 그대로 둡니다.",
    name_stored="이름이 저장되어 있습니다. 이 링크를 받은 다른 사람이 볼 수 없도록 여기에 보이지 않습니다.",
    forget_name="저장된 이름 지우기",
    tracking="열람 기록",
    tracking_hint="무엇을 고르셔도 받으시는 소식은 같습니다.",
    trackings={
        "aggregate": (
            "모두 합쳐서 세기",
            "모든 분께 똑같은 그림 하나로 몇 번 열렸는지만 셉니다. 누가 열었는지는 모릅니다.",
        ),
        "individual": (
            "내가 열고 누른 것을 기록하기",
            _CONSENT_KO,
        ),
        "none": ("아무것도 세지 않기", "메일에 그림을 넣지 않고, 링크도 그대로 둡니다."),
    },
    pause="잠시 쉬기",
    pauses={"keep": "지금 그대로", "none": "쉬지 않기", "14": "2주 쉬기", "30": "30일 쉬기", "90": "90일 쉬기"},
    save="저장",
    leave_link="이 소식지 그만 받기",
    errors={
        "section": "이 소식지에 없는 섹션입니다.",
        "category": "이 소식지에 없는 분야입니다.",
        "name": "이름은 한 줄, 200자까지 쓰실 수 있습니다.",
        "form": "알 수 없는 항목이 들어 있습니다. 이 페이지를 새로 열어 다시 해 주십시오.",
    },
    problems={
        400: ("요청을 이해하지 못했습니다", "페이지를 새로 열어 다시 해 주십시오. 아무것도 바뀌지 않았습니다."),
        403: (
            "받아들일 수 없는 요청입니다",
            "이 사이트의 페이지에서 보낸 요청이 아닙니다. 아무것도 바뀌지 않았습니다.",
        ),
        404: (
            "여기에는 아무것도 없습니다",
            "주소가 잘못되었거나, 더는 쓸 수 없는 링크입니다. 가장 최근에 받으신 메일의 링크를 열어 주십시오.",
        ),
        405: ("이렇게는 쓸 수 없는 주소입니다", "아무것도 바뀌지 않았습니다."),
        413: ("너무 큰 요청입니다", "아무것도 바뀌지 않았습니다."),
        415: ("읽을 수 없는 형식입니다", "압축한 요청은 받지 않습니다. 아무것도 바뀌지 않았습니다."),
        500: ("저희 쪽에 문제가 생겼습니다", "기록해 두었습니다. 잠시 뒤에 다시 해 주십시오."),
        503: ("지금은 처리할 수 없습니다", "잠시 뒤에 다시 해 주십시오."),
    },
)

ENGLISH: Final = Phrases(
    other_language="한국어",
    skip="Skip to the content",
    home="Home",
    legal="This site does not follow its visitors. It loads nothing from elsewhere and sets no cookies.",
    home_title="Newsletters",
    home_lead="Read every past issue of the newsletters that you can tailor to your interests.",
    no_lists="No newsletter is public yet.",
    no_issues="No issue has appeared yet.",
    articles="Articles: {}",
    clippings="Clippings: {}",
    articles_language="Articles are in Korean.",
    whole_issue="The whole issue",
    reference="Reference",
    original="Read the original",
    previous="Previous",
    next="Next",
    note="From the editor",
    leave_title="Stop this newsletter?",
    leave_lead="We will stop sending <b>{list}</b> to {address}.",
    leave_button="Unsubscribe",
    leave_hint="Free of charge and at once. No login, no questions.",
    left_title="You have unsubscribed",
    left_lead="We no longer send <b>{list}</b> to {address}.",
    undo_button="Undo",
    undone_title="Welcome back",
    undone_lead="We send <b>{list}</b> to {address} as before.",
    not_undone_title="This can't be undone",
    not_undone_lead="Undo works for one day after leaving. To get <b>{list}</b> again, please sign up anew.",
    all_button="Stop all our newsletters",
    all_hint="You can also stop every other newsletter of ours.",
    all_title="We will send nothing more",
    all_lead="No newsletter of ours goes to {address} any more.",
    preferences_title="Choose what you get",
    preferences_for="<b>{list}</b> · {address}",
    saved="Saved. Your next email will follow this.",
    nothing_picked="No section is picked, so no email will come for now.",
    has_left="You have left this newsletter. What you set here will be used if you sign up again.",
    not_confirmed="You have not confirmed yet. Press the button in our confirmation mail to get this newsletter.",
    paused_until="Paused until {}.",
    fix="Not saved. Please correct the following.",
    sections="Sections",
    sections_hint="Your email holds items of the sections you pick.",
    categories="Technologies",
    categories_hint="Articles on your technologies come in full, others as one line. Clippings on others are left out.",
    everything="All, also future ones",
    when_empty="If nothing in an issue fits, send me the lead article anyway",
    cadence="How often",
    cadences={"each": "With every issue", "weekly": "Once a week", "monthly": "Once a month"},
    language="Language of the email",
    languages={"ko": "한국어", "en": "English (articles in Korean)"},
    name="Name",
    name_hint="Stands in the To line of your email. Leave empty to keep it as it is.",
    name_stored="A name is stored. It is not shown here, so that nobody you forward the mail to can read it.",
    forget_name="Remove the stored name",
    tracking="Measuring",
    tracking_hint="You get the same news whatever you choose here.",
    trackings={
        "aggregate": (
            "Count all readers together",
            "One image, the same for everyone, counts how often it is loaded. We can't tell by whom.",
        ),
        "individual": (
            "Record what I open and click",
            _CONSENT_EN,
        ),
        "none": ("Count nothing", "Your email holds no image, and its links are plain."),
    },
    pause="Take a break",
    pauses={"keep": "As it is now", "none": "No break", "14": "Two weeks", "30": "30 days", "90": "90 days"},
    save="Save",
    leave_link="Unsubscribe from this newsletter",
    errors={
        "section": "This newsletter has no such section.",
        "category": "This newsletter has no such technology.",
        "name": "A name is one line of up to 200 characters.",
        "form": "There is a field we do not know. Please open this page again and retry.",
    },
    problems={
        400: ("We did not understand this request", "Please open the page again and retry. Nothing has changed."),
        403: ("This request can't be accepted", "It was not sent from a page of this site. Nothing has changed."),
        404: (
            "There is nothing here",
            "The address is wrong, or the link can't be used any more. Please use the link in your newest mail.",
        ),
        405: ("This address can't be used like this", "Nothing has changed."),
        413: ("This request is too large", "Nothing has changed."),
        415: ("This can't be read", "Compressed requests are not accepted. Nothing has changed."),
        500: ("Something went wrong on our side", "It has been noted. Please try again in a while."),
        503: ("Not possible right now", "Please try again in a while."),
    },
)

_TABLE: Final[Mapping[Language, Phrases]] = {"ko": KOREAN, "en": ENGLISH}


def phrases(language: Language) -> Phrases:
    """The fixed sentences of that language."""
    return _TABLE[language]


def as_language(text: str | None, otherwise: Language = "ko") -> Language:
    """`text` where it is a language we speak."""
    return "en" if text == "en" else "ko" if text == "ko" else otherwise


def preferred(accept_language: str, otherwise: Language = "ko") -> Language:
    """The best of ours for an `Accept-Language` header (RFC 9110, 12.5.4); anything odd in it is passed over."""
    ranked: list[tuple[float, Language]] = []
    for part in accept_language[:400].split(","):
        name, _, weight = part.strip().partition(";q=")
        tag = name.partition("-")[0].strip().lower()
        if tag in LANGUAGES:
            ranked.append((_weight(weight), as_language(tag)))
    return max(ranked, key=lambda one: one[0], default=(0.0, otherwise))[1]


def _weight(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0
