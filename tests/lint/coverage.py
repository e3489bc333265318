#!/usr/bin/env python3
"""Checks docs/contract-coverage.md: its rows are numbered in order, and every test that they name is there.

A test is named by its file, as the document's own table has it, and its title in double quotes. It is there when it is
registered, so that it runs: in C within main(), in JavaScript as the title of test(), it() or step(), or as a key in a
file that makes a test of each row of a table.
"""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = "docs/contract-coverage.md"
SECTIONS = 13
ROW = re.compile(r"^\| (\d+)\.(\d+) \| (.+?) \| (.+) \|$")
# Behind "none:" too: what is named there must be right as well.
NAMED = re.compile(r'([a-z0-9_]+(?:/[a-z0-9_]+)+) "((?:[^"\\]|\\.)+)"')
PLACES = {
    "api": lambda parts: f"tests/api/{parts[0]}.test.mjs",
    "browser": lambda parts: f"tests/browser/{parts[0]}.test.mjs",
    "unit": lambda parts: f"tests/unit/{'/'.join(parts[:-1])}/test_{parts[-1]}.c",
}


# At the beginning of a line: what stands behind a // is none.
REGISTERED = r"""^[ \t]*(?:test|it|step)\(\s*(['"`])%s\1"""
ROW_OF_TABLE = r"""^[ \t]*(['"])%s\1: """
TABLE_OF_TESTS = re.compile(r"^[ \t]*test\(\w+, ", re.M)
BLOCK_COMMENT = re.compile(r"^[ \t]*/\*.*?\*/", re.S | re.M)


def is_registered(path, title):
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".c":
        tests = re.sub(r"/\*.*?\*/|//[^\n]*", "", text.partition("int main(")[2], flags=re.S)
        return re.search(rf"\b{re.escape(title)}\b", tests) is not None
    text = BLOCK_COMMENT.sub("", text)
    quoted = re.escape(title).replace("'", r"\\?'")  # in single quotes it is written \'
    if re.search(REGISTERED % quoted, text, re.M):
        return True
    return bool(TABLE_OF_TESTS.search(text) and re.search(ROW_OF_TABLE % quoted, text, re.M))


def check_test(root, name, title):
    """A sentence when it is not there, else None."""
    place, *parts = name.split("/")
    if place not in PLACES:
        return f"{name} is no place of tests"
    path = root / PLACES[place](parts)
    if not path.is_file():
        return f"{path.relative_to(root)} is not there"
    if not is_registered(path, title):
        return f'{path.relative_to(root)} runs no test "{title}"'
    return None


def check(root, text):
    """Yields (line, sentence) of what is wrong."""
    last = (0, 0)
    seen = set()
    for number, line in enumerate(text.splitlines(), 1):
        match = ROW.match(line)
        if not match:
            if re.match(r"^\| \d", line):
                yield number, "a row that cannot be read"
            continue
        at = (int(match.group(1)), int(match.group(2)))
        if at not in ((last[0], last[1] + 1), (last[0] + 1, 1)):
            yield number, f"{at[0]}.{at[1]} does not follow {last[0]}.{last[1]}"
        last = at
        seen.add(at[0])
        named = NAMED.findall(match.group(4))
        if not named and not match.group(4).startswith("none: "):
            yield number, 'names no test, and does not say why ("none: ...")'
        for name, title in named:
            problem = check_test(root, name, title)
            if problem:
                yield number, problem
    for section in range(1, SECTIONS + 1):
        if section not in seen:
            yield 1, f"section {section} is missing"


def main():
    problems = list(check(ROOT, (ROOT / DOCUMENT).read_text(encoding="utf-8")))
    for number, sentence in problems:
        print(f"{DOCUMENT}:{number}: {sentence}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
