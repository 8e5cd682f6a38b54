"""The words around the items, Korean and English, in one table. The items' own text is never translated."""

from __future__ import annotations

from dataclasses import dataclass

from newsletter.issues.content import Source
from newsletter.rendering.escaping import one_line
from newsletter.rendering.look import Language, Tracking


@dataclass(frozen=True, slots=True)
class Phrases:
    """The fixed sentences of one language."""

    change: str
    in_this_mail: str
    note: str
    lines: str
    table: str
    original: str
    untitled: str
    articles_language: str
    """Says in which language the articles are; empty where that is the mail's own."""
    preferences: str
    pause: str
    tracking_change: str
    tracking: dict[Tracking, str]
    web_copy: str
    sender: str
    phone: str
    address: str
    unsubscribe: tuple[tuple[str, str], tuple[str, str]]
    """Refusal in the mail's language and in the other one: what it says, and the words of its link."""


_REFUSAL_KO = ("더 받고 싶지 않으시면 언제든 무료로 수신을 거부하실 수 있습니다.", "무료 수신거부")
_REFUSAL_EN = ("You can stop receiving this mail at any time, free of charge.", "Unsubscribe for free")

_KOREAN = Phrases(
    change="바꾸기",
    in_this_mail="이 메일에는",
    note="편집자의 말",
    lines="한 줄로 보기",
    table="표",
    original="원문 보기",
    untitled="제목 없음",
    articles_language="",
    preferences="받을 소식과 빈도 정하기",
    pause="잠시 쉬기",
    tracking_change="기록 설정 바꾸기",
    tracking={
        "aggregate": "이 메일의 그림 하나는 모든 분께 똑같아서, 몇 번 열렸는지만 세고 누가 열었는지는 알 수 없습니다.",
        "individual": "동의하신 대로 이 메일을 열고 누르신 것을 기록합니다. 언제든 그만두게 하실 수 있습니다.",
        "none": "이 메일에는 열람을 재는 그림이 없고, 누르신 것도 기록하지 않습니다.",
    },
    web_copy="이 메일을 웹에서 보기",
    sender="보내는 곳",
    phone="전화",
    address="주소",
    unsubscribe=(_REFUSAL_KO, _REFUSAL_EN),
)
_ENGLISH = Phrases(
    change="Change",
    in_this_mail="In this mail",
    note="From the editor",
    lines="In one line",
    table="Table",
    original="Original",
    untitled="Untitled",
    articles_language="Articles are in Korean",
    preferences="Choose topics and frequency",
    pause="Pause for a while",
    tracking_change="Change tracking",
    tracking={
        "aggregate": "The one image in this mail is the same for everyone: it counts openings, never who opened.",
        "individual": "As you agreed, opening this mail and following its links is recorded. You can stop that.",
        "none": "This mail has no tracking image, and what you follow is not recorded.",
    },
    web_copy="View this mail on the web",
    sender="Sent by",
    phone="Phone",
    address="Address",
    unsubscribe=(_REFUSAL_EN, _REFUSAL_KO),
)
_TABLE: dict[Language, Phrases] = {"ko": _KOREAN, "en": _ENGLISH}

_COUNTRIES = {
    "美": ("미국", "US"),
    "英": ("영국", "UK"),
    "日": ("일본", "Japan"),
    "獨": ("독일", "Germany"),
    "中": ("중국", "China"),
    "佛": ("프랑스", "France"),
    "韓": ("한국", "Korea"),
    "伊": ("이탈리아", "Italy"),
    "加": ("캐나다", "Canada"),
    "濠": ("호주", "Australia"),
    "豪": ("호주", "Australia"),
    "印": ("인도", "India"),
    "露": ("러시아", "Russia"),
    "臺": ("대만", "Taiwan"),
    "蘭": ("네덜란드", "Netherlands"),
}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def phrases(language: Language) -> Phrases:
    """The fixed sentences of that language."""
    return _TABLE[language]


def counts(language: Language, shown: int, total: int, minutes: int) -> str:
    """How many items the mail has, of how many, and how long they take: `20건 중 4건, 약 1분`."""
    if language == "ko":
        return (f"{total}건" if shown == total else f"{total}건 중 {shown}건") + f", 약 {minutes}분"
    items = "item" if total == 1 else "items"
    some = f"{total} {items}" if shown == total else f"{shown} of {total} {items}"
    return f"{some}, about {minutes} minute" + ("" if minutes == 1 else "s")


def more_in_subject(language: Language, rest: int) -> str:
    """What follows the first title in a subject; nothing where nothing follows."""
    if not rest:
        return ""
    return f" 외 {rest}건" if language == "ko" else f" and {rest} more"


def archive(language: Language, rest: int | str) -> str:
    """The link to what the reader did not pick."""
    if language == "ko":
        return f"고르지 않은 소식 {rest}건 보기"
    return f"See {rest} more you did not pick"


def issue_name(language: Language, year: int, number: int) -> str:
    """What the masthead calls the issue."""
    return f"{year}년 {number}호" if language == "ko" else f"No. {number}, {year}"


def date(language: Language, iso: str | None) -> str:
    """`2026-09-01` or `2026-09` as people write it; anything else as it came."""
    if not iso:
        return ""
    parts = iso.split("-")
    if not all(part.isascii() and part.isdigit() for part in parts) or len(parts) not in {2, 3}:
        return one_line(iso)
    if language == "ko":
        return ".".join(parts)
    year, month, *day = parts
    if not 1 <= int(month) <= len(_MONTHS):
        return one_line(iso)
    return " ".join([*(str(int(number)) for number in day), _MONTHS[int(month) - 1], year])


def source_line(language: Language, source: Source) -> str:
    """Where an item comes from: `미국 예시연구원 · 2026.09.01`, `US Example Lab · 1 Sep 2026`."""
    mark = source.country or ""
    country = _COUNTRIES[mark][language == "en"] if mark in _COUNTRIES else one_line(mark)
    who = " ".join(filter(None, (country, one_line(source.organisation))))
    when = date(language, source.date) or one_line(source.date_text)
    return " · ".join(filter(None, (who, when)))
