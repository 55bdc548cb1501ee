# Sourced by the scripts beside it: finds a Python, keeps .venv up to date. Uses $root.

# Print the newest suitable Python's path, or explain and fail.
find_python() {
    local name
    for name in "${PYTHON:-}" python3.13 python3.12 python3.11 python3; do
        [ -n "$name" ] && command -v "$name" >/dev/null 2>&1 || continue
        if "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
            command -v "$name"
            return 0
        fi
    done
    echo "aiwebengine needs Python 3.11, 3.12 or 3.13; none is on PATH." >&2
    echo "Install one, or name it: PYTHON=/path/to/python3.12 $0" >&2
    return 1
}

# Make $root/.venv with the given extras ("" or "test") installed; quick when nothing changed.
ensure_venv() {
    local extras=$1 stamp wanted python
    stamp="$root/.venv/.installed${extras:+-$extras}"
    if [ ! -x "$root/.venv/bin/python" ]; then
        python=$(find_python)
        echo "Making .venv with $python ..."
        rm -rf "$root/.venv"
        if ! "$python" -m venv "$root/.venv"; then
            rm -rf "$root/.venv"
            echo "This Python cannot make virtual environments (on Debian: apt-get install python3-venv)." >&2
            return 1
        fi
    fi
    wanted=$(cat "$root/setup.cfg" "$root/pyproject.toml" | cksum)
    if [ "$(cat "$stamp" 2>/dev/null || true)" != "$wanted" ]; then
        echo "Installing aiwebengine${extras:+[$extras]} into .venv ..."
        "$root/.venv/bin/python" -m pip install --quiet --disable-pip-version-check --editable "$root${extras:+[$extras]}"
        printf '%s\n' "$wanted" >"$stamp"
    fi
}
