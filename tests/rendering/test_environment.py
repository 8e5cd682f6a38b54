"""The environments refuse what a template may not do, and find their templates wherever the package lies."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import DictLoader, UndefinedError
from jinja2.exceptions import SecurityError

from newsletter.errors import RenderError
from newsletter.rendering.environment import markup_environment, template_hash, template_root, text_environment


def test_the_templates_are_found_in_a_wheel_and_in_a_checkout(tmp_path: Path) -> None:
    package = tmp_path / "newsletter"
    with pytest.raises(RenderError, match="templates are missing"):
        template_root(package)
    (tmp_path / "templates" / "email").mkdir(parents=True)
    assert template_root(package) == tmp_path / "templates" / "email"
    (package / "_templates").mkdir(parents=True)
    assert template_root(package) == package / "_templates"


def test_markup_is_escaped_and_text_is_not() -> None:
    loader = DictLoader({"x": "{{ value }}"})
    assert markup_environment(loader).get_template("x").render(value="<b>") == "&lt;b&gt;"
    assert text_environment(loader).get_template("x").render(value="<b>") == "<b>"


def test_a_missing_value_is_an_error_and_not_an_empty_place() -> None:
    for environment in (markup_environment, text_environment):
        with pytest.raises(UndefinedError):
            environment(DictLoader({"x": "{{ value }}"})).get_template("x").render()


@pytest.mark.parametrize(
    "template",
    ["{{ ''.__class__.__mro__ }}", "{{ [].append(1) }}", "{{ value.__init__.__globals__ }}", "{{ {}.update(a=1) }}"],
)
def test_the_sandbox_is_a_second_wall(template: str) -> None:
    for environment in (markup_environment, text_environment):
        with pytest.raises((SecurityError, UndefinedError)):
            environment(DictLoader({"x": template})).get_template("x").render(value=Path())


def test_a_changed_template_has_another_hash(tmp_path: Path) -> None:
    before = template_hash()
    assert template_hash() == before
    (tmp_path / "a.mjml").write_text("one")
    one = template_hash(tmp_path)
    (tmp_path / "a.mjml").write_text("two")
    template_hash.cache_clear()
    assert len({before, one, template_hash(tmp_path)}) == 3
