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
    *[f'| 1.1 | a rule | api/x "{title}" |' for title in ("in a comment", "in a block", "as a text", "as a group", "a part")],
    '| 1.1 | a rule | api/z "a key" |',
    *[f'| 1.1 | a rule | unit/x/y "{title}" |' for title in ("test_unused", "test_off", "test_i")],
]
GOOD_TITLES = ["plain", "of \\'s", "${name}: templated", "a step", "on its own line"]
C_TESTS = """/* test_off is switched off */
static void test_it(void **state)
static void test_unused(void **state)
static void test_off(void **state)
int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(test_it), /* test_off, */
        // cmocka_unit_test(test_off),
    };
"""
JS_TESTS = """// test('in a comment', () => {});
/* as it was:
   test('in a block', () => {});
*/
describe('as a group', () => {
  test('plain', async () => assert.ok('as a text'));
  test('of \\'s', () => {});
  test(`${name}: templated`, () => {});
  step("a step", () => {});
  test('a part of it', () => {});
  test(
    'on its own line',
    () => {},
  );
  // and test('in a comment', () => {});
});
"""
KEYS = "const rows = {\n  'a key': { code: 1 },\n};\n"
with tempfile.TemporaryDirectory() as folder:
    root = Path(folder)
    (root / "tests/unit/x").mkdir(parents=True)
    (root / "tests/unit/x/test_y.c").write_text(C_TESTS, encoding="utf-8")
    (root / "tests/api").mkdir()
    (root / "tests/api/x.test.mjs").write_text(JS_TESTS, encoding="utf-8")
    (root / "tests/api/z.test.mjs").write_text(KEYS + "it('else', () => {});\n", encoding="utf-8")
    (root / "tests/api/t.test.mjs").write_text(KEYS + "for (const key in rows)\n  test(key, () => {});\n", encoding="utf-8")
    assert not coverage.check_test(root, "api/t", "a key")
    assert not list(coverage.check(root, "\n".join(GOOD_ROWS)))
    for title in GOOD_TITLES:
        problem = coverage.check_test(root, "api/x", title.replace("\\'", "'"))
        assert not problem, problem
    for row in BAD_ROWS:
        assert list(coverage.check(root, "\n".join([row, *GOOD_ROWS[1:]]))), f"nothing was found wrong with: {row}"
print(f"{len(BAD) + len(BAD_ROWS)} passed, 0 failed")
