#!/usr/bin/env python3
"""Runs the documents: every `perch` block is a file, every `console` block a session.

A fence ```` ```perch NAME ```` (any language word followed by a file name) writes the block to that file; a file whose name
ends in .sh is executable. A `perch` fence without a name must pass `perch --check` without an error or a warning as it stands, or,
when it holds only statements, inside a command.

In a ```` ```console ```` block each line that begins with `$ ` runs in the document's directory with a shell that finds this
perch (lines that begin with `> ` continue it), and what follows, up to the next `$ `, is the whole output expected
(stdout and stderr as they come; `{...}` matches any text in a line). A command that fails is followed by `[exit N]` as the
last line of its output; without it the status must be 0. What perch prints of the document's own directory is `{dir}`.

```` ```console needs PROGRAM… ```` is skipped, visibly, when a program is missing; ```` ```console skip REASON ```` always.
`--bless` writes what was printed into the documents, except where `{...}` matches it. `--self-test` shows that each kind
of mistake in a document is found.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FENCE = re.compile(r"^(`{3,}|~{3,})\s*(\S*)\s*(.*)$")
FILE_LEVEL = re.compile(r"^(name|about|version|import|requires|bundle|hooks|template|command|catch)\b|^[A-Za-z_]\w* *= *[^ ]+ *$")


def blocks(lines):
    """Of each fenced block: the number of its first line, its language, the rest of the fence, its lines."""
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
    """Of each command: its lines, the shell text, the lines of its output."""
    at = 0
    while at < len(body):
        if not body[at].startswith("$ "):
            at += 1
            continue
        head = [body[at]]
        at += 1
        while at < len(body) and body[at].startswith("> "):
            head.append(body[at])
            at += 1
        output = []
        while at < len(body) and not body[at].startswith("$ "):
            output.append(body[at])
            at += 1
        yield head, "\n".join(line[2:] for line in head), output


def matches(want, got):
    pattern = "\n".join(".*".join(re.escape(p) for p in line.split("{...}")) for line in want)
    return re.fullmatch(pattern, got) is not None


def trimmed(lines):
    end = len(lines)
    while end and not lines[end - 1]:
        end -= 1
    return lines[:end]


class Document:
    def __init__(self, path, text, directory, env):
        self.path, self.directory, self.env = path, directory, env
        self.lines = text.split("\n")
        self.replaced = {}  # number of a block's first line: its blessed lines
        self.passed = self.skipped = 0
        self.failures = []

    def shell(self, command):
        return subprocess.run(["sh", "-c", command], cwd=self.directory, env=self.env, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, timeout=120, check=False)

    def fail(self, line, text):
        self.failures.append(f"FAILED {os.path.relpath(self.path, ROOT)}:{line}: {text}")

    def skip(self, line, why):
        self.skipped += 1
        print(f"skipped {os.path.relpath(self.path, ROOT)}:{line}: {why}")

    def check_fragment(self, line, body):
        text = "\n".join(body) + "\n"
        if not any(FILE_LEVEL.match(each) for each in body):
            text = "command fragment\n    description \"x\"\n    do\n" + "".join(f"        {b}\n" for b in body) + "    end\nend\n"
        name = os.path.join(self.directory, "fragment.perch")
        with open(name, "w", encoding="utf-8") as f:
            f.write(text)
        done = self.shell("perch --check -f fragment.perch")
        os.remove(name)
        said = done.stdout.decode(errors="replace")
        if done.returncode == 0 and said.endswith("— no issues\n"):  # notes are no issues
            self.passed += 1
        else:
            self.fail(line, "perch --check finds something in this block\n" + said)

    def run_session(self, line, body):
        blessed = []
        for head, command, output in sessions(body):
            done = self.shell(command)
            got = done.stdout.decode(errors="backslashreplace").replace(self.directory, "{dir}").rstrip("\n")
            if done.returncode:
                got += ("\n" if got else "") + f"[exit {done.returncode}]"
            want = trimmed(output)
            if matches(want, got):
                self.passed += 1
                blessed += head + output
            else:
                self.fail(line, f"$ {command}\n--- expected\n" + "\n".join(want) + f"\n--- got\n{got}")
                blessed += head + ([*got.split("\n")] if got else []) + output[len(want):]
        self.replaced[line] = (len(body), blessed)

    def run(self):
        for line, language, rest, body in blocks(self.lines):
            words = rest.split()
            if language == "console" and words[:1] == ["skip"]:
                self.skip(line, " ".join(words[1:]))
            elif language == "console":
                missing = [p for p in words[1:] if shutil.which(p) is None] if words[:1] == ["needs"] else []
                if missing:
                    self.skip(line, "no " + ", ".join(missing))
                elif words and words[0] != "needs":
                    self.fail(line, f"a console block is `needs …` or `skip …`, not `{rest}`")
                else:
                    self.run_session(line, body)
            elif words and re.fullmatch(r"[\w./-]+\.?\w+", words[0]):
                target = os.path.join(self.directory, words[0])
                os.makedirs(os.path.dirname(target), exist_ok=True)
                with open(target, "w", encoding="utf-8") as f:
                    f.write("\n".join(body) + "\n")
                if target.endswith(".sh"):
                    os.chmod(target, 0o755)
            elif language == "perch":
                self.check_fragment(line, body)

    def blessed(self):
        lines = list(self.lines)
        for start in sorted(self.replaced, reverse=True):
            count, body = self.replaced[start]
            lines[start:start + count] = body
        return "\n".join(lines)


def play(path, text, perch):
    with tempfile.TemporaryDirectory(prefix="perch-docs-") as directory:
        directory = os.path.realpath(directory)
        os.mkdir(directory + "/.bin")
        os.symlink(perch, directory + "/.bin/perch")
        env = {"PATH": f"{directory}/.bin:{os.environ['PATH']}", "HOME": directory, "LANG": "C.UTF-8", "USER": "sam",
               "XDG_CACHE_HOME": directory + "/.cache", "PERCH_ROOT": ROOT}
        document = Document(path, text, directory, env)
        document.run()
        return document


def self_test(perch):
    """Documents with one mistake each: a runner that passes one of them shows nothing."""
    fence = "```"
    wrong = {
        "output that differs": f"{fence}console\n$ echo a\nb\n{fence}\n",
        "output that is left out": f"{fence}console\n$ echo a; echo b\na\n{fence}\n",
        "output that is not there": f"{fence}console\n$ true\na\n{fence}\n",
        "a status that is not said": f"{fence}console\n$ false\n{fence}\n",
        "a status that is another": f"{fence}console\n$ exit 3\n[exit 2]\n{fence}\n",
        "a status that is said wrongly": f"{fence}console\n$ true\n[exit 1]\n{fence}\n",
        "an unknown kind of session": f"{fence}console nees sh\n$ true\n{fence}\n",
        "an op that does not exist": f"{fence}perch\nprnt \"x\"\n{fence}\n",
        "a command without description": f"{fence}perch\ncommand a\n    do\n        print \"x\"\n    end\nend\n{fence}\n",
    }
    right = f"{fence}perch a.perch\ncommand a\n    do\n        exit 3\n    end\nend\n{fence}\n" \
            f"{fence}console\n$ perch -f a.perch a\n[exit 3]\n$ echo a; echo 12 s\na\n{{...}} s\n{fence}\n" \
            f"{fence}perch\nprint \"x\"\n{fence}\n{fence}console needs no-such-program\n$ false\n{fence}\n"
    status = 0
    for what, text in wrong.items():
        if not play(os.path.join(ROOT, what), text, perch).failures:
            print(f"FAILED: {what} is not found")
            status = 1
    document = play(os.path.join(ROOT, "a sound document"), right, perch)
    if document.failures or document.passed != 3 or document.skipped != 1:
        print("FAILED: a sound document does not pass\n" + "\n".join(document.failures))
        status = 1
    print(f"{len(wrong) + 1} documents, {'all as they should be' if status == 0 else 'not all as they should be'}")
    return status


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*")
    parser.add_argument("--perch", default=os.environ.get("PERCH_EXE", os.path.join(ROOT, "build/release/perch")))
    parser.add_argument("--bless", action="store_true")
    parser.add_argument("--self-test", action="store_true")
    options = parser.parse_args()
    perch = os.path.abspath(options.perch)
    if options.self_test:
        return self_test(perch)
    files = options.files or [os.path.join(ROOT, "README.md")] + sorted(
        os.path.join(ROOT, "docs", n) for n in os.listdir(os.path.join(ROOT, "docs")) if n.endswith(".md"))
    passed = failed = skipped = 0
    for path in files:
        with open(path, encoding="utf-8") as f:
            text = f.read()
        document = play(os.path.abspath(path), text, perch)
        for failure in document.failures:
            print(failure)
        if options.bless and document.blessed() != text:
            with open(path, "w", encoding="utf-8") as f:
                f.write(document.blessed())
            print(f"blessed {path}")
        passed, failed, skipped = passed + document.passed, failed + len(document.failures), skipped + document.skipped
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
