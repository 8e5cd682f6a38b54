"""The sections and categories a new digest list starts with; an editor may change all of it afterwards."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ChoiceDefault:
    """A section or category to add: its key as issues print it, and its names for readers."""

    key: str
    name_ko: str
    name_en: str


DIGEST_SECTIONS = (
    ChoiceDefault("issue-focus", "이슈포커스", "Issue focus"),
    ChoiceDefault("industry-tech", "산업·기술 동향", "Industry and technology"),
    ChoiceDefault("policy", "정책 동향", "Policy"),
    ChoiceDefault("clipping", "유망기술 클리핑", "Technology clippings"),
)

DIGEST_CATEGORIES = (
    ChoiceDefault("반도체", "반도체", "Semiconductors"),
    ChoiceDefault("배터리", "배터리", "Batteries"),
    ChoiceDefault("전기차", "전기차", "Electric vehicles"),
    ChoiceDefault("에너지·탄소중립", "에너지·탄소중립", "Energy, net zero"),
    ChoiceDefault("순환경제", "순환경제", "Circular economy"),
    ChoiceDefault("신소재", "신소재", "New materials"),
    ChoiceDefault("AI", "AI", "AI"),
    ChoiceDefault("로봇", "로봇", "Robots"),
    ChoiceDefault("양자", "양자", "Quantum"),
    ChoiceDefault("모빌리티", "모빌리티", "Mobility"),
    ChoiceDefault("우주항공", "우주항공", "Space, aviation"),
    ChoiceDefault("바이오", "바이오", "Bio"),
)

DIGEST_CATEGORY_ALIASES = {"에너지": "에너지·탄소중립"}
"""Spellings that issues print, and the category they mean."""
