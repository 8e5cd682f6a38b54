#!/bin/sh
# Resolves pyproject.toml into requirements/run.txt and requirements/test.txt: every version pinned, every file
# hashed, one lock for all platforms and Python versions. uv is used for this step alone.
set -eu
cd "$(dirname "$0")/.."
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
python3 -m venv "$tools"
"$tools/bin/pip" install --quiet uv==0.13.9
compile() {
    "$tools/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
        --no-annotate --custom-compile-command "make lock" "$@"
}
compile pyproject.toml --group build -o requirements/run.txt
compile pyproject.toml --group build --group test -c requirements/run.txt -o requirements/test.txt
