#!/usr/bin/env python3
"""Checks that files and functions stay small and that no notes to self are left in the tree.

    tools/check_sizes.py [ROOT]        exit 1 and one line per finding; prints the distribution
    tools/check_sizes.py --self-test   makes one of each finding in a temporary tree

No file over 800 lines, no function over 100. Function lengths are those of C++ bodies, found by
their layout: clang-format puts the closing brace of a body in the column where its head starts.
"""
import os
import re
import statistics
import sys
import tempfile

MAX_FILE, MAX_FUNCTION = 800, 100
SOURCE = (".cc", ".h")
TEXT = SOURCE + (".rs", ".py", ".sh", ".cmake", ".md", ".toml", ".txt", ".perch", ".go", ".c", "")
FOLDERS = ("src", "engine", "test", "fuzz", "tools", "cmake", "bench", "examples", "docs", ".ci")
SKIP = ("corpus", "golden", "target", "__pycache__", "node_modules")
NOTE = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X")) + r")\b")
# A line that opens a body: `name(…) … {` or the tail of a head broken over lines, ending in `{`,
# that is no namespace, type, initialiser or control statement.
HEAD_END = re.compile(r"(\)|\) const|\) noexcept|\) override|\) final|->.*|\} *) *\{$|^.*\).*\{$")
NO_HEAD = re.compile(r"^\s*(namespace|class|struct|enum|union|extern|if|else|for|while|switch|do"
                     r"|try|catch|return|case|default|\}|#|//)")


def functions(lines):
    """Yields (first line, length) of each function body that is not inside another one."""
    start = indent = None
    for number, line in enumerate(lines, 1):
        text = line.rstrip()
        if start is None:
            if text.endswith("{") and HEAD_END.search(text) and not NO_HEAD.match(text):
                indent = len(text) - len(text.lstrip())
                # A broken head's last line is indented deeper than the head itself.
                head = number
                while head > 1 and re.match(r"\s{4,}\S", lines[head - 1]) and indent >= 4:
                    head -= 1
                    indent = len(lines[head - 1]) - len(lines[head - 1].lstrip())
                start = head
        elif text == " " * indent + "}" or text == " " * indent + "};":
            yield start, number - start + 1
            start = None


def check(root):
    errors, file_sizes, function_sizes = [], [], []
    for folder in FOLDERS + (".",):
        for directory, folders, names in os.walk(os.path.join(root, folder)):
            folders[:] = [] if folder == "." else [f for f in sorted(folders) if f not in SKIP]
            for name in sorted(names):
                if os.path.splitext(name)[1] not in TEXT:
                    continue
                path = os.path.join(directory, name)
                shown = os.path.relpath(path, root)
                try:
                    with open(path, encoding="utf-8") as file:
                        lines = file.read().splitlines()
                except UnicodeDecodeError:
                    continue
                for number, line in enumerate(lines, 1):
                    if NOTE.search(line):
                        errors.append(f"{shown}:{number}: a note to self: {line.strip()}")
                if not name.endswith(SOURCE):
                    continue
                file_sizes.append(len(lines))
                if len(lines) > MAX_FILE:
                    errors.append(f"{shown}: {len(lines)} lines, more than {MAX_FILE}")
                for start, length in functions(lines):
                    function_sizes.append(length)
                    if length > MAX_FUNCTION:
                        errors.append(f"{shown}:{start}: a function of {length} lines, "
                                      f"more than {MAX_FUNCTION}")
    return errors, file_sizes, function_sizes


def distribution(what, sizes):
    sizes = sorted(sizes) or [0]
    p95 = sizes[min(len(sizes) - 1, len(sizes) * 95 // 100)]
    return f"{what}: {len(sizes)}, median {statistics.median(sizes):g}, p95 {p95}, max {sizes[-1]}"


def self_test():
    body = "  x += 1;\n" * 99
    cases = [
        ("src/base/a.cc", "int x;\n" * 801, "801 lines"),
        ("src/base/a.cc", f"void f() {{\n{body}}}\n", "a function of 101 lines"),
        ("src/base/a.cc", f"void C::f(int a,\n          int b) const {{\n{body}}}\n", "of 102 lines"),
        ("src/base/a.h", f"struct S {{\n  void f() {{\n{body}  }}\n}};\n", "a function of 101 lines"),
        ("src/base/a.cc", f"auto f() -> int {{\n{body}}}\n", "a function of 101 lines"),
        ("docs/a.md", "TO" + "DO: write\n", "a note to self"),
        ("src/base/a.cc", f"namespace n {{\nvoid f() {{\n{body[10:]}}}\n}}  // namespace n\n", None),
        ("src/base/a.h", f"struct S {{\n{'  int x;' * 120}\n}};\n", None),
    ]
    failures = []
    for file, text, expected in cases:
        with tempfile.TemporaryDirectory() as root:
            path = os.path.join(root, file)
            os.makedirs(os.path.dirname(path))
            with open(path, "w", encoding="utf-8") as out:
                out.write(text)
            errors = check(root)[0]
            found = len(errors) == 1 and expected in errors[0] if expected else not errors
            if not found:
                failures.append(f"{text[:40]!r}: expected {expected!r}, got {errors}")
    print("\n".join(failures) or f"{len(cases)} cases as expected")
    return bool(failures)


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    errors, file_sizes, function_sizes = check(sys.argv[1] if len(sys.argv) > 1 else root)
    print("\n".join(errors + [distribution("files", file_sizes),
                              distribution("functions", function_sizes)]))
    return bool(errors)


if __name__ == "__main__":
    sys.exit(main())
