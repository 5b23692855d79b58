#!/usr/bin/env python3
"""Runs the documents: every `perch` block is a file, every `console` block a session.

A fence ```` ```perch NAME ```` (any language word followed by a file name) writes the block to that file; a `perch` fence
without a name must pass `perch --check` as it stands, or, when it holds only statements, inside a command. In a ```` ```console ````
block each line that begins with `$ ` runs in the document's directory with a shell that finds this perch, and what
follows, up to the next `$ `, is the whole output expected (stdout and stderr as they come; `{...}` matches any text in a
line). ```` ```console skip REASON ```` is counted as skipped, with its reason.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FENCE = re.compile(r"^(`{3,}|~{3,})\s*(\S*)\s*(.*)$")
FILE_LEVEL = re.compile(r"^(name|about|version|import|requires|bundle|hooks|template|command|catch)\b|^[A-Za-z_]\w* *= *[^ ]+ *$")


def blocks(path):
    with open(path, encoding="utf-8") as f:
        lines = f.read().split("\n")
    at = 0
    while at < len(lines):
        fence = FENCE.match(lines[at])
        at += 1
        if not fence:
            continue
        body, start = [], at
        while at < len(lines) and not lines[at].startswith(fence.group(1)):
            body.append(lines[at])
            at += 1
        at += 1
        yield start, fence.group(2), fence.group(3).strip(), body


def sessions(body):
    command, output = None, []
    for line in body:
        if line.startswith("$ "):
            if command is not None:
                yield command, output
            command, output = line[2:], []
        elif command is not None:
            output.append(line)
    if command is not None:
        yield command, output


def matches(want, got):
    pattern = "\n".join(".*".join(re.escape(p) for p in line.split("{...}")) for line in want)
    return re.fullmatch(pattern, got) is not None


class Document:
    def __init__(self, path, perch, directory, env):
        self.path, self.perch, self.directory, self.env = path, perch, directory, env
        self.passed = self.failed = self.skipped = 0

    def shell(self, command):
        return subprocess.run(["sh", "-c", command], cwd=self.directory, env=self.env, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, timeout=120)

    def fail(self, line, text):
        self.failed += 1
        print(f"FAILED {os.path.relpath(self.path, ROOT)}:{line}: {text}")

    def check_fragment(self, line, body):
        text = "\n".join(body) + "\n"
        if not any(FILE_LEVEL.match(each) for each in body):
            text = "command fragment\n    description \"x\"\n    do\n" + "".join(f"        {b}\n" for b in body) + "    end\nend\n"
        name = os.path.join(self.directory, "fragment.perch")
        with open(name, "w", encoding="utf-8") as f:
            f.write(text)
        done = self.shell("perch --check -f fragment.perch")
        os.remove(name)
        if done.returncode == 0:
            self.passed += 1
        else:
            self.fail(line, "this block does not pass --check\n" + done.stdout.decode(errors="replace"))

    def run_session(self, line, body):
        for command, output in sessions(body):
            done = self.shell(command)
            got = done.stdout.decode(errors="backslashreplace").rstrip("\n")
            while output and not output[-1]:
                output.pop()
            if matches(output, got):
                self.passed += 1
            else:
                self.fail(line, f"$ {command}\n--- expected\n" + "\n".join(output) + f"\n--- got\n{got}")

    def run(self):
        for line, language, rest, body in blocks(self.path):
            words = rest.split()
            if language == "console" and words[:1] == ["skip"]:
                self.skipped += 1
                print(f"skipped {os.path.relpath(self.path, ROOT)}:{line}: {' '.join(words[1:])}")
            elif language == "console":
                self.run_session(line, body)
            elif words and re.fullmatch(r"[\w./-]+\.\w+", words[0]):
                target = os.path.join(self.directory, words[0])
                os.makedirs(os.path.dirname(target), exist_ok=True)
                with open(target, "w", encoding="utf-8") as f:
                    f.write("\n".join(body) + "\n")
            elif language == "perch":
                self.check_fragment(line, body)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*")
    parser.add_argument("--perch", default=os.environ.get("PERCH_EXE", os.path.join(ROOT, "build/release/perch")))
    options = parser.parse_args()
    perch = os.path.abspath(options.perch)
    files = options.files or [os.path.join(ROOT, "README.md")] + sorted(
        os.path.join(ROOT, "docs", n) for n in os.listdir(os.path.join(ROOT, "docs")) if n.endswith(".md"))
    passed = failed = skipped = 0
    for path in files:
        with tempfile.TemporaryDirectory(prefix="perch-docs-") as directory:
            os.mkdir(directory + "/.bin")
            os.symlink(perch, directory + "/.bin/perch")
            env = {"PATH": f"{directory}/.bin:{os.environ['PATH']}", "HOME": directory, "LANG": "C.UTF-8", "USER": "sam",
                   "XDG_CACHE_HOME": directory + "/.cache", "PERCH_ROOT": ROOT}
            document = Document(path, perch, directory, env)
            document.run()
        passed, failed, skipped = passed + document.passed, failed + document.failed, skipped + document.skipped
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
