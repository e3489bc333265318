#!/usr/bin/env python3
"""Checks of the tree that no compiler makes: layers, sizes, forbidden includes, locks.

Each check is a function that yields (file, line, sentence). Prints what it found and "N passed, N failed" of checks.
"""
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src"

# Which folders a folder may include, beside itself (docs/ARCHITECTURE.md).
MAY_SEE = {
    "base": set(),
    "net": {"base"},
    "proto": {"base"},
    "flow": {"base", "proto"},
    "rtc": {"base", "net", "proto", "flow"},
    "media": {"base", "net", "proto", "flow", "rtc"},
    "store": {"base"},
    "import": {"base", "store"},
    "chat": {"base", "net", "store"},
    "call": {"base", "net", "store", "chat"},
    "plugin": {"base", "net", "chat"},
    "web": {"base", "net", "store", "chat", "call", "plugin"},
    "client": {"base", "net", "proto", "flow", "rtc"},
    "": {"base", "net", "store", "import", "chat", "call", "plugin", "web"},  # main.c, app.c build and tear down
}
# Single headers that a folder may include from beyond.
DOORS = {
    "call": {"media/media.h", "media/media_cmd.h", "media/media_evt.h", "rtc/params.h"},
    "chat": {"media/media.h", "media/media_cmd.h", "media/media_evt.h"},
    "web": {"media/media.h", "media/media_evt.h"},
    "": {"media/media.h", "rtc/transport.h"},
    "client": {"media/media_cmd.h"},
}
DOOR_PATTERNS = {"call": re.compile(r"^proto/sdp\w*\.h$")}

# Third-party headers and who may see them.
THIRD_PARTY = [
    (re.compile(r"^(srtp2?/|nice/|agent\.h|stun/|usrsctp)"), {"rtc", "client"}),
    (re.compile(r"^openssl/(ssl|bio|x509|srtp|dtls)"), {"rtc", "client", "web"}),
    (re.compile(r"^openssl/"), {"rtc", "client", "web", "chat"}),
    (re.compile(r"^libwebsockets"), {"web"}),
    (re.compile(r"^libsoup"), {"client"}),
    (re.compile(r"^(libpq-fe|sqlite3|postgresql/)"), {"store"}),
    (re.compile(r"^jwt\.h"), {"chat"}),
    (re.compile(r"^(cyaml|yaml)"), {"base"}),
    (re.compile(r"^(crypt\.h)"), {"chat"}),
    (re.compile(r"^(systemd/)"), {""}),
]
STORE_DB_ONLY = re.compile(r"^(libpq-fe|sqlite3)")
# proto and flow are sans-IO: no socket, thread, clock or third-party header.
SANS_IO_SYSTEM = {
    "assert.h", "ctype.h", "errno.h", "inttypes.h", "limits.h", "math.h", "stdarg.h", "stdbool.h", "stddef.h", "stdint.h",
    "stdio.h", "stdlib.h", "string.h", "strings.h",
}
# The three homes of locks.
LOCKS = re.compile(r"\b(pthread_mutex_|pthread_rwlock_|pthread_cond_|pthread_spin_|mtx_lock|sem_wait)")
LOCK_HOMES = re.compile(r"^src/(base/|store/db_pool\.c|rtc/dchan)")

MAX_FILE = 600
MAX_FUNCTION = 60
INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)')

# A reason for each file or function that is longer.
LONG_FILES: dict[str, str] = {}
LONG_FUNCTIONS: dict[str, str] = {}


def c_files():
    for path in sorted(SRC.rglob("*.[ch]")):
        yield path
    for folder in ("plugins", "bench", "include"):
        yield from sorted((ROOT / folder).rglob("*.[ch]"))


def folder_of(path):
    """The layer of a file below src/, or None."""
    try:
        parts = path.relative_to(SRC).parts
    except ValueError:
        return None
    return parts[0] if len(parts) > 1 else ""


def includes(path):
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1), match.group(2)


def check_layers():
    for path in c_files():
        folder = folder_of(path)
        if folder is None:
            continue
        for number, local, _ in includes(path):
            if not local or "/" not in local:
                if local and folder != "" and not (SRC / local).exists():
                    yield path, number, f'include "{local}" by its path from src/'
                continue
            target = local.split("/")[0]
            if target == folder or target == "ichat":
                continue
            if target in MAY_SEE[folder] or local in DOORS.get(folder, set()):
                continue
            if folder in DOOR_PATTERNS and DOOR_PATTERNS[folder].match(local):
                continue
            yield path, number, f"{folder or 'src'}/ must not include {local}"


def check_third_party():
    for path in c_files():
        folder = folder_of(path)
        if folder is None:
            continue
        for number, _, system in includes(path):
            if not system:
                continue
            for pattern, homes in THIRD_PARTY:
                if pattern.match(system):
                    if folder not in homes:
                        yield path, number, f"<{system}> belongs to {', '.join(sorted(homes))} alone"
                    break
            if STORE_DB_ONLY.match(system) and not path.name.startswith("db_"):
                yield path, number, f"<{system}> belongs to store/db_* alone"
            if folder in ("proto", "flow") and system not in SANS_IO_SYSTEM:
                yield path, number, f"{folder}/ is sans-IO and must not include <{system}>"


def check_locks():
    for path in c_files():
        relative = str(path.relative_to(ROOT))
        if LOCK_HOMES.match(relative):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if LOCKS.search(line):
                yield path, number, "a lock outside base/, the database pool and the usrsctp fence"


def check_file_sizes():
    files = list(c_files()) + sorted((ROOT / "web" / "src").rglob("*.ts*"))
    for path in files:
        relative = str(path.relative_to(ROOT))
        count = len(path.read_text(encoding="utf-8").splitlines())
        if count > MAX_FILE and relative not in LONG_FILES:
            yield path, 1, f"{count} lines; split by role at {MAX_FILE}"


def check_function_sizes():
    """clang-format puts a function's opening and closing brace alone at column 0, and nothing else of C code."""
    for path in c_files():
        if path.suffix != ".c":
            continue
        lines = path.read_text(encoding="utf-8").splitlines()
        start = None
        for number, line in enumerate(lines, 1):
            if line == "{":
                start = number
            elif line == "}" and start is not None:
                length = number - start - 1
                name = lines[start - 2].strip() if start >= 2 else "?"
                named = re.search(r"([a-z0-9_]+)\(", name)
                key = f"{path.relative_to(ROOT)}:{named.group(1) if named else '?'}"
                if length > MAX_FUNCTION and key not in LONG_FUNCTIONS:
                    yield path, start, f"a function of {length} lines; {MAX_FUNCTION} are the end ({key})"
                start = None


def check_headers():
    for path in sorted(SRC.rglob("*.h")):
        text = path.read_text(encoding="utf-8")
        relative = path.relative_to(SRC)
        guard = "ICHAT_" + re.sub(r"[^A-Z0-9]", "_", str(relative).upper())
        if f"#ifndef {guard}\n" not in text:
            yield path, 1, f"the include guard is {guard}"
        if not text.startswith("/*"):
            yield path, 1, "a header starts with what it is for and who owns it"


def check_marks():
    pattern = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    for path in list(c_files()) + sorted((ROOT / "tests").rglob("*.[ch]")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if pattern.search(line):
                yield path, number, "a mark of unfinished work"


def check_tests_beside_protocols():
    """Each proto/ source has a unit test of its name or is named by one."""
    tests = " ".join(p.read_text(encoding="utf-8") for p in sorted((ROOT / "tests/unit/proto").glob("*.c")))
    for path in sorted((SRC / "proto").glob("*.c")):
        header = f'"proto/{path.stem}.h"'
        if (SRC / "proto" / f"{path.stem}.h").exists() and header not in tests:
            yield path, 1, "has no unit test beside it"


def check_lock_files():
    for path in subprocess.run(["git", "ls-files", "*package-lock.json"], cwd=ROOT, capture_output=True, text=True,
                               check=True).stdout.split():
        text = (ROOT / path).read_text(encoding="utf-8")
        for number, line in enumerate(text.splitlines(), 1):
            if '"resolved"' in line:
                yield ROOT / path, number, "a lock file must not name download addresses"
                break


def main():
    checks = [value for name, value in sorted(globals().items()) if name.startswith("check_")]
    passed = failed = 0
    for check in checks:
        found = list(check())
        for path, line, sentence in found:
            print(f"{path.relative_to(ROOT)}:{line}: {sentence}")
        passed, failed = (passed + 1, failed) if not found else (passed, failed + 1)
        print(f"{'ok' if not found else 'FAILED'}   {check.__name__}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
