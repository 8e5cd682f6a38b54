#!/bin/sh
# environment.sh VENV LOCK: a virtual environment holding exactly what LOCK names, checked by hash, and this project.
# Debian ships python3 without ensurepip; then the missing package is installed where that is allowed.
set -eu
venv=$1
lock=$2

die() { printf '%s\n' "$@" >&2; exit 1; }

usable() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    for name in "${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11; do
        if usable "$name"; then printf '%s' "$name"; return; fi
        if [ -n "${PYTHON:-}" ]; then return 1; fi # who names one wants that one
    done
    return 1
}

install_ensurepip() {
    command -v apt-get >/dev/null 2>&1 || return 1
    package="python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
    if [ "$(id -u)" = 0 ]; then root=""; else root="sudo -n"; fi
    echo "· $package is missing: installing it"
    $root apt-get update -qq && $root apt-get install -y -qq "$package" >/dev/null
}

python=$(find_python) || die "A Python 3.11 or newer is needed; ${PYTHON:-python3 or python3.11 … python3.14} is none." \
    "Install one, or name it: make … PYTHON=/path/to/python3"

if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    echo "· creating $venv with $("$python" --version)"
    rm -rf "$venv"
    if ! "$python" -c 'import ensurepip' 2>/dev/null; then
        install_ensurepip || die "This Python has no ensurepip, so no virtual environment can be made." \
            "On Debian and Ubuntu: apt-get install python3-venv"
    fi
    "$python" -m venv "$venv"
fi

echo "· installing $lock (versions and hashes are locked)"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r "$lock"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
