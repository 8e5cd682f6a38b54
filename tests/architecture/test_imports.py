"""Arrows point one way: no two modules import each other, and no chain of imports comes back to where it began."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

import grimp
import pytest


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("newsletter", "subscribers")


def cycle(graph: grimp.ImportGraph) -> list[str]:
    """One circle of imports, or nothing."""
    sorter = TopologicalSorter({module: graph.find_modules_directly_imported_by(module) for module in graph.modules})
    try:
        sorter.prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_chain_of_imports_comes_back(graph: grimp.ImportGraph) -> None:
    assert cycle(graph) == []


def test_the_whole_product_is_in_the_graph(graph: grimp.ImportGraph) -> None:
    assert {"newsletter.web.app", "newsletter.delivery.ledger.claim", "subscribers.store"} <= graph.modules


def test_two_modules_that_import_each_other_would_be_seen() -> None:
    """Negative control."""
    graph = grimp.build_graph("newsletter", "subscribers")
    graph.add_import(importer="newsletter.kit.clock", imported="newsletter.db")
    graph.add_import(importer="newsletter.db", imported="newsletter.kit.clock")
    assert cycle(graph)
