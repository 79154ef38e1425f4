#!/bin/sh
# Build or refresh .venv from a lock file. usage: scripts/setup.sh LOCK STAMP
# Idempotent: the Makefile calls it only when the lock, the packaging file or the kernels are newer than the stamp.
set -eu
lock=$1
stamp=$2

find_python() {
    for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11; do
        [ -n "$candidate" ] || continue
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return 0
        fi
    done
    return 1
}

if [ ! -x .venv/bin/python ]; then
    if ! python=$(find_python); then
        echo "Midas needs Python 3.11 or newer, and none was found." >&2
        echo "Install it (Debian/Ubuntu: apt install python3 python3-venv; macOS: brew install python) or set PYTHON=/path/to/python." >&2
        exit 1
    fi
    echo "Creating .venv with $("$python" --version)"
    if ! "$python" -m venv .venv 2>.venv-error; then
        sed 's/^/  /' .venv-error >&2
        rm -rf .venv .venv-error
        echo "Python could not create a virtual environment: its venv module is missing or incomplete." >&2
        echo "Install it (Debian/Ubuntu: apt install python3-venv; Fedora: dnf install python3) and try again." >&2
        exit 1
    fi
    rm -f .venv-error
fi

echo "Installing $(grep -c == "$lock") packages from $lock"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes -r "$lock"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input --no-deps --no-build-isolation -e .
.venv/bin/python -m compileall -q src/midas
PYTHONDONTWRITEBYTECODE='' .venv/bin/python -m midas.kernels.warm
touch "$stamp"
