"""The only Jinja environments of the emails: strict, sandboxed, and escaped or not by what they write.

One of each per process, because parsing the templates takes longer than compiling an issue.

Templates are ours and nobody edits them at run time; the sandbox is a second wall (S-34). Values are never rendered as
templates, so braces in data are inert.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

from jinja2 import BaseLoader, FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment, SandboxedEnvironment

from newsletter.errors import RenderError
from newsletter.rendering.escaping import attr, clean
from newsletter.rendering.palette import DARK, LIGHT
from newsletter.rendering.plaintext import heading, wrap

PACKAGE = Path(__file__).resolve().parent.parent


def template_root(package: Path = PACKAGE) -> Path:
    """Where the email templates lie: in an installed wheel within the package, in a checkout beside it."""
    for root in (package / "_templates", package.parent / "templates" / "email"):
        if root.is_dir():
            return root
    raise RenderError("The email templates are missing. Reinstall the package, or restore templates/email.")


@cache
def markup_environment(loader: BaseLoader | None = None) -> SandboxedEnvironment:
    """For MJML: everything printed is escaped. The loader is for tests that break a template."""
    env = ImmutableSandboxedEnvironment(
        loader=loader or FileSystemLoader(template_root()),
        autoescape=True,  # select_autoescape() answers False for .mjml
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=clean,
    )
    env.filters["attr"] = attr
    env.globals["light"] = LIGHT
    env.globals["dark"] = DARK
    return env


@cache
def text_environment(loader: BaseLoader | None = None) -> SandboxedEnvironment:
    """For plain text: nothing is escaped, lines are wrapped by their width on a screen."""
    env = ImmutableSandboxedEnvironment(
        loader=loader or FileSystemLoader(template_root()),
        autoescape=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=clean,
    )
    env.filters["wrap"] = wrap
    env.filters["heading"] = heading
    return env


@cache
def template_hash(root: Path | None = None) -> str:
    """Name of what turns content into an email: all template files and the compiler. Part of a variant's key."""
    digest = hashlib.sha256(f"mjml-python {version('mjml-python')}\n".encode())
    root = root or template_root()
    for path in sorted(root.rglob("*")):
        if path.is_file():
            body = path.read_bytes()
            digest.update(f"{path.relative_to(root).as_posix()} {len(body)}\n".encode())
            digest.update(body)
    return digest.hexdigest()[:32]
