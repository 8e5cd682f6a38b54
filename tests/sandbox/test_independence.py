"""The stand-in is an oracle only as long as it shares nothing with the product, and the product nothing with it."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


def is_ours(module: str) -> bool:
    return module.partition(".")[0] in {"newsletter", "subscribers", "scheduler"}


def is_sandbox(module: str) -> bool:
    return module == "newsletter.sandbox" or module.startswith("newsletter.sandbox.")


def test_the_stand_in_imports_nothing_of_the_product() -> None:
    files = list((ROOT / "newsletter/sandbox").rglob("*.py"))
    assert len(files) > 20
    strange = {(path.name, one) for path in files for one in imports(path) if is_ours(one) and not is_sandbox(one)}
    assert strange == set()


def test_the_product_never_imports_the_stand_in() -> None:
    files = [path for package in ("newsletter", "subscribers") for path in (ROOT / package).rglob("*.py")]
    product = [path for path in files if "sandbox" not in path.relative_to(ROOT).parts]
    assert {path for path in product if any(is_sandbox(one) for one in imports(path))} == set()


def test_the_licence_lies_beside_the_one_third_party_file() -> None:
    directory = ROOT / "newsletter/sandbox"
    assert "MIT License" in (directory / "LICENSE.sendgrid-oai").read_text()
    assert (directory / "tsg_mail_v3.json").exists()
