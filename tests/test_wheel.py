"""The built wheel, unpacked somewhere else, is the whole product: templates, pages, migrations, sample, clock."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

FIRST_DAY = """
import os, sys
sys.path.insert(0, os.environ["WHEEL"])
from newsletter import cli
from pathlib import Path
assert Path(cli.__file__).is_relative_to(os.environ["WHEEL"]), cli.__file__
import scheduler
assert Path(scheduler.__file__).is_relative_to(os.environ["WHEEL"])
from importlib.resources import files
sample = str(files("newsletter") / "sample" / "trend-briefing-2026-18.txt")
def run(*words):
    sys.argv = ["newsletter", *words]
    try:
        code = cli.main()
    except SystemExit as leave:
        code = leave.code or 0
    assert code == 0, words
run("db", "upgrade")
run("lists", "create", "digest", "--kind", "information", "--name-ko", "a", "--name-en", "b")
run("issue", "import", sample)
run("issue", "ready", "2026-18", "--accept-suggestions")
run("preview", "2026-18", "--sections", "*", "--categories", "*", "-o", "mail.html")
from newsletter.web.app import create_app
from newsletter.bootstrap import open_product
from newsletter.settings import Settings
create_app(open_product(Settings.load()))
import newsletter.sandbox.schema
print("whole")
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built without network, unpacked outside the checkout."""
    directory = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(directory)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (built,) = directory.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        archive.extractall(directory / "installed")
    return directory / "installed"


def test_the_wheel_works_elsewhere(wheel: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-W", "error", "-c", FIRST_DAY],
        cwd=tmp_path,
        env={"WHEEL": str(wheel), "NEWSLETTER_STATE_DIR": str(tmp_path / "state"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip().endswith("whole"), done.stderr
    assert (tmp_path / "mail.html").stat().st_size > 10_000


def test_the_wheel_holds_what_is_not_code(wheel: Path) -> None:
    for name in (
        "newsletter/_templates/digest/body.mjml",
        "newsletter/sandbox/tsg_mail_v3.json",
        "newsletter/sandbox/LICENSE.sendgrid-oai",
        "newsletter/web/static/site.css",
        "newsletter/web/templates/base.html",
        "newsletter/ingest/keywords.toml",
        "newsletter/migrations/versions/0001_initial_schema.py",
        "newsletter/py.typed",
        "subscribers/py.typed",
        "scheduler.py",
    ):
        assert (wheel / name).is_file(), name
    assert not (wheel / "tests").exists()


def test_a_checkout_runs_its_own_clock_and_no_copy_of_it(tmp_path: Path) -> None:
    ask = (
        "from importlib.metadata import entry_points;"
        "print(*(one.load().__code__.co_filename for one in entry_points(group='newsletter.clock')))"
    )
    done = subprocess.run([sys.executable, "-c", ask], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.split() == [str(ROOT / "scheduler.py")], done.stderr
