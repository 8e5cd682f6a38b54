"""From a parsed file to an issue that may be sent: what is still open, and how an editor closes it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from newsletter.issues.content import Content, Item, SourceWarning


@dataclass(frozen=True, slots=True)
class OpenPoint:
    """Something an editor must decide before the issue is ready; `remedy` says how."""

    what: str
    remedy: str


def open_points(
    content: Content, proposed_categories: Collection[str], proposed_sections: Collection[str]
) -> list[OpenPoint]:
    """Everything that keeps the issue from being ready, in the order in which an editor would take it."""
    points = [
        OpenPoint(
            f"{item.title}: suggested {', '.join(item.suggested_categories)}, not accepted yet",
            "--accept-suggestions takes them all, --without-suggestions none; or edit the JSON and import it again",
        )
        for item in content.items
        if item.suggested_categories and not item.categories
    ]
    points += [
        OpenPoint(f"the category {name} is new to this list", "--accept-new makes new sections and categories choices")
        for name in sorted(proposed_categories)
    ]
    points += [
        OpenPoint(f"the section {name} is new to this list", "--accept-new makes new sections and categories choices")
        for name in sorted(proposed_sections)
    ]
    if not content.items:
        points.append(OpenPoint("the issue has no items", "import a file that has some"))
    return points


def accept_suggestions(content: Content) -> Content:
    """Every open suggestion becomes the item's categories."""
    return _with_items(content, _accepted)


def drop_suggestions(content: Content) -> Content:
    """Every open suggestion is turned down: the item has no category and goes to all readers of its section."""
    return _with_items(content, lambda item: replace(item, suggested_categories=()))


def without_cured(content: Content) -> Content:
    """The content without `damaged-text` warnings about text that no longer stands in its item: it was corrected."""
    texts = {
        item.id: frozenset((item.title, item.summary, *(block.text for block in item.blocks())))
        for item in content.items
    }

    def is_cured(warning: SourceWarning) -> bool:
        if warning.code != "damaged-text" or warning.text is None or warning.item is None:
            return False
        return warning.text not in texts.get(warning.item, ())

    return replace(content, warnings=tuple(one for one in content.warnings if not is_cured(one)))


def used_categories(content: Content) -> list[str]:
    """Category names that items carry, in the order of their first use."""
    return list(dict.fromkeys(name for item in content.items for name in item.categories))


def _accepted(item: Item) -> Item:
    if item.categories:
        return item
    return replace(item, categories=item.suggested_categories, suggested_categories=())


def _with_items(content: Content, change: Callable[[Item], Item]) -> Content:
    return replace(content, items=tuple(change(item) for item in content.items))
