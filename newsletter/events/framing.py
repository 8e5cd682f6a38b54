"""One bad event must not fail its post: cut a JSON array into its elements when it can't be read as a whole.

The strict reader takes nearly every post in one go. Where it refuses (a number that is none, half a surrogate, nesting
without end), this scanner finds the borders of the elements from brackets and strings alone, and each is read alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import orjson

# A whole string, a bracket or comma, or the quote of a string that never ends. Possessive, so that no input is slow.
_MARK = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{},"]', re.DOTALL)


class Unreadable(Exception):  # noqa: N818 -- it names the thing that is put aside
    """An element, or a whole post, that is no JSON; says why without quoting it."""


def elements(body: bytes) -> Iterator[object]:
    """The elements of a JSON array; one that can't be read comes as an `Unreadable`. Raises it for no array at all."""
    try:
        whole = orjson.loads(body)
    except orjson.JSONDecodeError:
        return (_read(piece) for piece in _pieces(body))
    if not isinstance(whole, list):
        raise Unreadable("the body is not a list of events")
    return iter(whole)


def _read(piece: bytes) -> object:
    try:
        return orjson.loads(piece)
    except orjson.JSONDecodeError as error:
        return Unreadable(f"not JSON: {error.msg}")


def _pieces(body: bytes) -> list[bytes]:
    start = len(body) - len(body.lstrip(b" \t\r\n"))
    if body[start : start + 1] != b"[":
        raise Unreadable("the body is not a list of events")
    cuts = [start, *_cuts(body, start)]
    pieces = [body[left + 1 : right].strip() for left, right in pairwise(cuts)]
    return [piece for piece in pieces if piece]


def _cuts(body: bytes, start: int) -> Iterator[int]:
    """Where an element ends: at a comma of the outer list, at its bracket, or at the end of a body cut short."""
    depth = 0
    for mark in _MARK.finditer(body, start):
        sign = mark[0]
        if sign in b"[{":
            depth += 1
        elif sign in b"]}":
            depth -= 1
        elif sign == b'"':
            break
        if depth == 0:
            yield mark.start()
            return
        if depth == 1 and sign == b",":
            yield mark.start()
    yield len(body)
