#!/usr/bin/env python3
"""Formats every program of the tree: `.perch` files, `perch` blocks of the documents, files of the cases.

`perch fmt` must not change what a program is: its tree, as `perch --dump=ast` writes it, is the same before and after.
Formatting twice changes nothing more. A file that does not parse is left as it is, byte for byte; these are counted.
"""

import argparse
import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LEFT_OUT = {".git", "build", "node_modules"}


def programs():
    """(where it is from, its bytes)"""
    for folder, folders, files in os.walk(ROOT):
        folders[:] = sorted(f for f in folders if f not in LEFT_OUT)
        for name in sorted(files):
            path = os.path.join(folder, name)
            shown = os.path.relpath(path, ROOT)
            if name.endswith(".perch"):
                with open(path, "rb") as f:
                    yield shown, f.read()
            elif name.endswith(".md"):
                yield from blocks(path, shown)
            elif name.endswith(".case"):
                yield from case_files(path, shown)


def blocks(path, shown):
    with open(path, encoding="utf-8") as f:
        text = f.read()
    for match in re.finditer(r"^```perch[^\n]*\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        line = text[: match.start()].count("\n") + 1
        body = match[1]
        if not re.search(r"^(name|requires|command|template|import|hooks|bundle|catch)\b", body, re.MULTILINE):
            body = "command fragment\n    do\n" + body + "    end\nend\n"
        yield f"{shown}:{line}", body.encode()


def case_files(path, shown):
    with open(path, encoding="utf-8") as f:
        text = f.read()
    for match in re.finditer(r"^--- file (\S+\.perch)\n(.*?)(?=^--- |^=== |\Z)", text, re.DOTALL | re.MULTILINE):
        yield f"{shown}:{text[: match.start()].count(chr(10)) + 1}", match[2].encode()


def run(perch, words, directory):
    env = {"PATH": os.environ["PATH"], "HOME": directory, "LANG": "C.UTF-8"}
    return subprocess.run([perch, *words], cwd=directory, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=120)


def formatted(perch, text):
    """None when all is well, "broken" for a file that does not parse, else what is wrong."""
    with tempfile.TemporaryDirectory(prefix="perch-fmt-") as directory:
        path = os.path.join(directory, "a.perch")

        def read():
            with open(path, "rb") as f:
                return f.read()

        with open(path, "wb") as f:
            f.write(text)
        before = run(perch, ["--dump=ast", "-f", "a.perch"], directory)
        done = run(perch, ["fmt", "a.perch"], directory)
        if done.returncode != 0:
            return "broken" if read() == text and before.returncode != 0 else "fmt failed on a sound file, or changed a broken one"
        once = read()
        after = run(perch, ["--dump=ast", "-f", "a.perch"], directory)
        if before.stdout != after.stdout:
            return "the tree changed\n--- before\n" + before.stdout.decode(errors="replace") + "--- after\n" + after.stdout.decode(errors="replace")
        if run(perch, ["fmt", "--check", "a.perch"], directory).returncode != 0:
            return "fmt --check is not content with what fmt wrote"
        run(perch, ["fmt", "a.perch"], directory)
        if read() != once:
            return "formatting twice changes more"
        comments = [len(re.findall(rb"^\s*#", t, re.MULTILINE)) for t in (text, once)]
        if comments[0] != comments[1]:
            return f"{comments[0]} comment lines became {comments[1]}"
        return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--perch", default=os.environ.get("PERCH_EXE", os.path.join(ROOT, "build/release/perch")))
    options = parser.parse_args()
    perch = os.path.abspath(options.perch)
    everything = list(programs())
    passed = failed = broken = 0
    with concurrent.futures.ThreadPoolExecutor(max(2, os.cpu_count() or 2)) as pool:
        for (shown, _), problem in zip(everything, pool.map(lambda each: formatted(perch, each[1]), everything)):
            if problem is None:
                passed += 1
            elif problem == "broken":
                broken += 1
            else:
                failed += 1
                print(f"FAILED {shown}: {problem}")
    print(f"{passed} passed, {failed} failed, {broken} do not parse and were left alone")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
