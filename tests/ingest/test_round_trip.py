"""A random issue, printed in the layout, reads back as it was: widths, spaces and blank lines carry it all.

Where the layout leaves a doubt the parser may guess wrong, but never in silence: each difference has its warning.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.ingest.trendwatch import parse
from newsletter.ingest.trendwatch.lines import width
from newsletter.issues.content import Block, Content, Item, Row, Section, Source, Table

WORDS = (
    *(
        "바람",
        "파도",
        "등대",
        "부표",
        "항로",
        "관측",
        "지도",
        "온도",
        "염분",
        "전지",
        "돛대",
        "선원",
        "항만",
        "어민",
        "해류",
        "바위",
    ),
    *(
        "시험",
        "자료",
        "기록",
        "공개",
        "비교",
        "정비",
        "보급",
        "운항",
        "계절",
        "그물을",
        "배에서",
        "섬마다",
        "밤에는",
        "낮은",
    ),
    *(
        "새로운",
        "오래된",
        "가벼운",
        "튼튼한",
        "빠르게",
        "천천히",
        "함께",
        "나누어",
        "미리",
        "다시",
        "스스로",
        "멀리",
        "가까이",
    ),
)
ENDS = ("전망", "분석", "확대", "예정", "추진", "필요", "가능")
BODY, POINT, NOTE, CELL, CLIP, CLIP_NOTE = 75.0, 77.0, 93.0, 67.0, 43.0, 53.0


def sentence(chance: random.Random, least: int, most: int) -> str:
    words = [
        chance.choice(WORDS) + chance.choice(("", "", "", ",", "(A2)")) for _ in range(chance.randint(least, most))
    ]
    return " ".join([*words, chance.choice(ENDS)])


def name(chance: random.Random, words: int) -> list[str]:
    return [chance.choice(WORDS) for _ in range(words)]


@dataclass
class Press:
    """Sets text in columns as the publication does, and takes it out again as a PDF reader would."""

    chance: random.Random
    lines: list[str] = field(default_factory=list)
    is_new_page: bool = False

    def put(self, text: str, *, gap: bool = True) -> None:
        if self.is_new_page:
            text, gap, self.is_new_page = f" {text}", False, False
        self.lines += ["", text] if gap and self.lines else [text]

    def column(self, sign: str, text: str, room: float, *, tight: bool = False) -> None:
        """Wrap at spaces; a line that goes on keeps its space. Notes have no blank lines inside."""
        line, rest = sign, text.split(" ")
        is_first = True
        while rest:
            longer = f"{line} {rest[0]}" if line else rest[0]
            if line.strip() and width(longer) > room:
                self.put(f"{line} ", gap=is_first or not tight)
                line, is_first = "", False
            else:
                line, rest = longer, rest[1:]
        self.put(line, gap=is_first or not tight)

    def pieces(self, parts: list[str], *, gap: bool = True) -> None:
        """A name or label broken over lines."""
        for place, part in enumerate(parts):
            self.put(part + self.chance.choice(("", " ")), gap=gap or place > 0)

    def block(self, block: Block, *, is_clip: bool = False, is_cell: bool = False) -> None:
        match block.kind:
            case "paragraph":
                self.column("", block.text, BODY)
            case "bullet" if is_cell:
                self.column("  -" if block.level else "∙", block.text, CLIP if is_clip else CELL)
            case "bullet":
                self.column("-", block.text, POINT)
            case "note":
                self.column("※", block.text, CLIP_NOTE if is_clip else NOTE, tight=True)
            case _:
                self.column("*", block.text, NOTE, tight=True)


def a_table(chance: random.Random) -> Table:
    rows = []
    for _ in range(chance.randint(1, 4)):
        cell: list[Block] = []
        for _ in range(chance.randint(1, 3)):
            cell.append(Block("bullet", 0, sentence(chance, 4, 20)))
            if chance.random() < 0.4:
                cell.append(Block("bullet", 1, sentence(chance, 4, 15)))
            if chance.random() < 0.2:
                cell.append(Block("note", 0, sentence(chance, 4, 25)))
        rows.append(Row((" ".join(name(chance, chance.randint(1, 4))),), (tuple(cell),)))
    return Table(sentence(chance, 2, 3), ("구분", "주요 내용"), tuple(rows))


def an_article(chance: random.Random, number: int) -> Item:
    body: list[Block | Table] = [Block("paragraph", 0, sentence(chance, 5, 20))]
    for _ in range(chance.randint(1, 6)):
        dice = chance.random()
        if dice < 0.2:
            body += [a_table(chance), Block("bullet", 0, sentence(chance, 4, 15))]
        elif dice < 0.4:
            body.append(Block("note", 0, sentence(chance, 4, 35)))
        elif dice < 0.5:
            body.append(Block("footnote", 0, sentence(chance, 4, 20)))
        else:
            body.append(Block("bullet", 0, sentence(chance, 4, 25)))
    return Item(
        f"industry-tech-{number}", "article", "industry-tech", f"{sentence(chance, 3, 5)} {number}호".replace(",", ""),
        summary=sentence(chance, 6, 20), page=number,
        reference=f"Org, A Paper {'Again ' * chance.randint(0, 14)}2026.9.1.",
        source=Source("加", f"Org {number}", "2026-09-01", "9.1"), body=tuple(body),
    )  # fmt: skip


def a_clipping(chance: random.Random, number: int) -> Item:
    kinds = ["note" if chance.random() < 0.2 else "bullet" for _ in range(chance.randint(1, 4))]
    body = [Block("bullet", 0, sentence(chance, 3, 8))]
    body += [
        Block("note", 0, sentence(chance, 3, 12)) if kind == "note" else Block("bullet", 1, sentence(chance, 3, 12))
        for kind in kinds
    ]
    return Item(
        f"clipping-{number}", "clipping", "clipping", " ".join([*name(chance, chance.randint(1, 3)), f"제{number}"]),
        summary=sentence(chance, 4, 15), categories=(chance.choice(("신소재", "배터리", "AI")),),
        source=Source(None, chance.choice(("Daily Post", "Sea", "바다 신문")), "2026-09-02", "9.2"), body=tuple(body),
    )  # fmt: skip


def an_issue(chance: random.Random) -> Content:
    articles = [an_article(chance, number) for number in range(1, chance.randint(1, 3) + 1)]
    clippings = [a_clipping(chance, number) for number in range(1, chance.randint(1, 5) + 1)]
    sections = (Section("industry-tech", "산업·기술 동향"), Section("clipping", "유망기술 클리핑"))
    return Content("시험 소식", 2026, 18, sections=sections, items=(*articles, *clippings))


def printed(content: Content, chance: random.Random) -> str:
    press = Press(chance)
    for line in (" 요약", "i ❚", "시험 소식 2026년 18호 요약", "구분 주요 내용 페이지", "산업·", "기술", "동향"):
        press.put(line)
    for item in content.in_section("industry-tech"):
        press.column("∙", f"{item.title} (加 {item.source.organisation}, 9.1)", POINT)
        press.column("-", item.summary, POINT)
        press.put(str(item.page), gap=chance.random() < 0.5)
    for line in ("❚ ii", "구분 주요 내용 페이지", "유망", "기술", "클리핑"):
        press.put(line)
    for item in content.in_section("clipping"):
        press.put(f"∙ ({item.categories[0]}) {item.title}")
        press.column("-", item.summary, POINT)
    press.is_new_page = True
    for line in ("산업·기술 동향", "1 ❚"):
        press.put(line)
    for item in content.in_section("industry-tech"):
        print_article(press, item)
    press.is_new_page = True
    press.put("분류 기술명 주요 내용 출처")
    above = ""
    for item in content.in_section("clipping"):
        print_clipping(press, item, above)
        above = item.categories[0]
    return "\n".join([*press.lines, " "])


def print_article(press: Press, item: Item) -> None:
    press.put(f"{item.title} (加 {item.source.organisation}, 9.1)")
    for block in item.body:
        if isinstance(block, Block):
            press.block(block)
            continue
        press.put(f"▘{block.caption}▗")
        press.put("구분 주요 내용", gap=False)
        for row in block.rows:
            press.pieces(row.labels[0].split())
            for inner in row.cells[0]:
                press.block(inner, is_cell=True)
        if press.chance.random() < 0.2:
            press.lines += ["", "", "", "❚ 2"]
    press.column("(참고 :", f"{item.reference})", NOTE, tight=True)
    press.is_new_page = press.chance.random() < 0.5


def print_clipping(press: Press, item: Item, above: str) -> None:
    if item.categories[0] != above:
        press.put(item.categories[0])
    press.pieces(item.title.split(), gap=press.chance.random() < 0.7)
    cut = press.chance.randint(1, len(item.body)) if press.chance.random() < 0.3 else len(item.body)
    for place, block in enumerate(item.body):
        if place == cut:
            press.pieces([*item.source.organisation.split(), "(9.2)"])
            press.is_new_page = True
        if isinstance(block, Block):
            press.block(block, is_clip=True, is_cell=True)
    if cut == len(item.body):
        press.pieces([*item.source.organisation.split(), "(9.2)"])


@settings(max_examples=80)
@given(st.integers(0, 2**40))
def test_a_printed_issue_reads_back_or_says_where_it_guessed(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 -- a test's dice
    content = an_issue(chance)
    found = parse(printed(content, chance))
    guessed = {warning.item for warning in found.warnings if warning.code == "join-guessed"}
    assert {warning.code for warning in found.warnings} <= {"join-guessed"}
    assert found.sections == content.sections
    assert [item.id for item in found.items] == [item.id for item in content.items]
    for one, other in zip(content.items, found.items, strict=True):
        if other.id not in guessed:
            assert one == other
        assert (one.title, one.summary, one.source, one.reference) == (
            other.title,
            other.summary,
            other.source,
            other.reference,
        )


def test_without_the_spaces_at_its_ends_of_lines_an_issue_does_not_read_back() -> None:
    chance = random.Random(7)  # noqa: S311 -- a test's dice
    content = an_issue(chance)
    bare = "\n".join(line.rstrip() for line in printed(content, chance).split("\n"))
    assert parse(bare).items != content.items
