#!/usr/bin/env python3
"""The lint must find what it is for: breaks each rule in a scratch tree and expects the finding."""
import importlib.util
import tempfile
from pathlib import Path

spec = importlib.util.spec_from_file_location("lint", Path(__file__).with_name("lint.py"))
lint = importlib.util.module_from_spec(spec)
spec.loader.exec_module(lint)

BAD = {
    "check_layers": ("src/proto/a.c", '#include "media/worker.h"\n'),
    "check_third_party": ("src/call/a.c", "#include <srtp2/srtp.h>\n"),
    "check_locks": ("src/media/a.c", "void f(void)\n{\n    pthread_mutex_lock(&m);\n}\n"),
    "check_file_sizes": ("src/base/a.c", "int a;\n" * 601),
    "check_function_sizes": ("src/base/a.c", "void f(void)\n{\n" + "    g();\n" * 61 + "}\n"),
    "check_headers": ("src/base/a.h", "#ifndef A_H\n#define A_H\n#endif\n"),
    "check_marks": ("src/base/a.c", "/* TO" + "DO: later */\n"),
    "check_tests_beside_protocols": ("src/proto/a.c", "int a;\n"),
}

for name, (file, text) in BAD.items():
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        path = root / file
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
        if name == "check_tests_beside_protocols":
            (root / "src/proto/a.h").write_text("", encoding="utf-8")
        lint.ROOT, lint.SRC = root, root / "src"
        assert list(getattr(lint, name)()), f"{name} did not find its bad example"
# The list of the contract's tests, each row wrong in its own way.
spec = importlib.util.spec_from_file_location("coverage", Path(__file__).with_name("coverage.py"))
coverage = importlib.util.module_from_spec(spec)
spec.loader.exec_module(coverage)

GOOD_ROWS = [f'| {section}.1 | a rule | unit/x/y "test_it" |' for section in range(1, coverage.SECTIONS + 1)]
BAD_ROWS = [
    '| 1.1 | a rule | unit/x/z "test_it" |',
    '| 1.1 | a rule | unit/x/y "test_that" |',
    '| 1.1 | a rule | nowhere/x "test_it" |',
    "| 1.1 | a rule | nothing |",
    '| 1.2 | a rule | unit/x/y "test_it" |',
    '| 1.1 | a rule | unit/x/y "test_it" | more',
    "",
]
with tempfile.TemporaryDirectory() as folder:
    root = Path(folder)
    (root / "tests/unit/x").mkdir(parents=True)
    (root / "tests/unit/x/test_y.c").write_text("static void test_it(void **state)\n", encoding="utf-8")
    assert not list(coverage.check(root, "\n".join(GOOD_ROWS)))
    for row in BAD_ROWS:
        assert list(coverage.check(root, "\n".join([row, *GOOD_ROWS[1:]]))), f"nothing was found wrong with: {row}"
print(f"{len(BAD) + len(BAD_ROWS)} passed, 0 failed")
