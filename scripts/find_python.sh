# Read by run and test: goes to the project's folder and finds a Python to prepare it with (in $PYTHON).
here=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
cd -- "$here"
unset PYTHONHOME PYTHONPATH PYTHONSAFEPATH

new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    for PYTHON in .venv/bin/python ${PYTHON:+"$PYTHON"} python3 python3.13 python3.12 python3.11 python3.14 python; do
        if new_enough "$PYTHON"; then return; fi
    done
    echo "Đồng Hành needs Python 3.11 or newer, and none was found." >&2
    echo "On Debian or Ubuntu: sudo apt install python3 python3-venv. Another one: PYTHON=/path/to/python3 $0" >&2
    exit 1
}
