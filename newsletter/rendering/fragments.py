"""One compile per campaign: the superset of all items is compiled once, split at markers, and joined per variant.

Sound because MRML renders each child of `mj-body` and of `mj-column` without looking at its siblings; so no marker
may stand between columns of one section. The whole compile of just the chosen items is the oracle in the tests: both
ways give the same bytes. Where that can't be shown, `SpliceError` is raised; nothing is repaired.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from newsletter.errors import SpliceError

Parts = tuple[str, ...]
"""literal, slot name, literal, …, slot name, literal"""

_KEY = "[a-z]+[0-9]*"
_DEBUG_ESCAPE = re.compile(r'="[^"<>]*\\u\{')


@dataclass(frozen=True, slots=True)
class Fragments:
    """The pieces of one superset, by marker key. `start` is what stands before the first marker."""

    start: Parts
    parts: Mapping[str, Parts]

    def join(self, keys: Iterable[str], values: Mapping[str, str]) -> str:
        """The mail made of these pieces, its slots filled with values that are escaped already."""
        chosen = [self.start, *map(self.parts.__getitem__, keys)]
        return "".join([p[0] if len(p) == 1 else _filled(p, values) for p in chosen])


@dataclass(frozen=True, slots=True)
class Superset:
    """A template's output with all items and markers, before and after the compile."""

    nonce: str
    source: str
    output: str
    bare: str = ""
    """The output with no items at all: its head must be the same."""
    is_html: bool = True


def stand_ins(nonce: str, slots: Iterable[str]) -> dict[str, str]:
    """Slot name → the token that holds its place during the compile."""
    return {name: f"zq{nonce}n{n:02d}qz" for n, name in enumerate(slots)}


def split(superset: Superset, wanted: Iterable[str], slots: Mapping[str, str]) -> Fragments:
    """Cut a superset into the wanted fragments, or raise `SpliceError` where a join would not equal a whole compile.

    `slots` are the stand-ins the superset was rendered with.
    """
    nonce = superset.nonce
    if superset.is_html and _head(superset.output) != _head(superset.bare):
        raise SpliceError("The head depends on the items: header and footer must use every component that items use.")
    marker = re.compile(f"@@{nonce}:({_KEY})@@")
    first, *rest = marker.split(superset.output)
    keys = rest[::2]
    if keys != marker.findall(superset.source) or len(set(keys)) < len(keys):
        raise SpliceError("A marker was lost, moved or repeated.")
    if odd := set(keys) ^ set(wanted):
        raise SpliceError(f"The template marks other pieces than variants are made of: {', '.join(sorted(odd))}.")
    cut = _cutter(slots)
    start, *tails = (cut(text) for text in (first, *rest[1::2]))
    pieces = (start, *tails)
    if {name for parts in pieces for name in parts[1::2]} != set(slots):
        raise SpliceError("A declared slot has no place in the mail.")
    for literal in (text for parts in pieces for text in parts[::2]):
        _require_whole(literal, nonce, is_html=superset.is_html)
    return Fragments(start, dict(zip(keys, tails, strict=True)))


def _filled(parts: Parts, values: Mapping[str, str]) -> str:
    return "".join([values[part] if n % 2 else part for n, part in enumerate(parts)])


def _cutter(tokens: Mapping[str, str]) -> Callable[[str], Parts]:
    if not tokens:
        return lambda text: (text,)
    names = {token: name for name, token in tokens.items()}
    pattern = re.compile(f"({'|'.join(names)})")
    return lambda text: tuple(names.get(piece, piece) for piece in pattern.split(text))


def _require_whole(literal: str, nonce: str, *, is_html: bool) -> None:
    if nonce in literal.lower():
        raise SpliceError("A marker or slot was altered on the way.")
    if is_html and "<mj-" in literal:
        raise SpliceError("A tag of MJML was not compiled.")
    if is_html and _DEBUG_ESCAPE.search(literal):
        raise SpliceError("An attribute holds a debug escape: it must go through the filter `attr`.")


def _head(output: str) -> str:
    return output.partition("<body")[0]
