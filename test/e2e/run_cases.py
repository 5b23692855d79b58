#!/usr/bin/env python3
"""Runs the end-to-end cases against the real executable and compares whole output.

A case file (cases/*.case) holds cases; each begins with a line `=== name of the case` and consists of
sections that begin with a line `--- KIND [ARGUMENT]`:

    --- file PATH          a file to write before the first run (its text follows)
    --- bytes PATH         the same, the text is a Python bytes literal
    --- guest NAME [PATH]  a compiled guest to copy (skips the case, visibly, when it is not built)
    --- needs PROGRAM      skips the case, visibly, when the program is missing
    --- possible COMMAND   skips the case, visibly, when this shell command fails
    --- unsanitized WHY    skips the case, visibly, under a sanitizer
    --- serve              starts the server of http_fixture.py: below, {http} and {https} are its URLs
    --- env NAME=VALUE     for the runs that follow
    --- stdin              standard input of the next run
    --- sh                 a shell script to run in the directory, instead of perch; must succeed
    --- run ARGUMENTS      runs perch (shell quoting) and is followed by what to expect:
    --- exit N             exit status (0 when left out)
    --- stdout             whole text (empty when left out)
    --- stderr             whole text (empty when left out)
    --- read PATH          whole text of a file after the run
    --- requests           what the server was asked since the last run that looked, one a line

A section's text ends in one newline; `--- stdout -` means: without its last newline. In expected texts `{dir}` is the case's directory, and `{...}` matches any
text within a line. Every case has a fresh directory, HOME and cache. `--bless` rewrites expectations.
"""

import argparse
import ast
import concurrent.futures
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

import http_fixture

HERE = os.path.dirname(os.path.abspath(__file__))


class Section:
    def __init__(self, kind, argument):
        self.kind, self.argument, self.lines = kind, argument, []

    @property
    def text(self):
        text = "".join(line + "\n" for line in self.lines)
        return text[:-1] if self.argument == "-" and self.kind in ("stdout", "stderr", "stdin") else text


class Case:
    def __init__(self, name):
        self.name, self.sections = name, []


def parse(path):
    cases, head = [], []
    with open(path, encoding="utf-8", newline="\n") as f:
        for line in f.read().split("\n"):
            if line.startswith("=== "):
                cases.append(Case(line[4:].strip()))
            elif not cases:
                head.append(line)
            elif line.startswith("--- "):
                kind, _, argument = line[4:].strip().partition(" ")
                cases[-1].sections.append(Section(kind, argument))
            elif cases[-1].sections:
                cases[-1].sections[-1].lines.append(line)
            elif line.strip():
                raise SystemExit(f"{path}: text before the first section: {line}")
    for case in cases:  # blank lines that separate cases belong to nobody
        lines = case.sections[-1].lines
        while lines and not lines[-1]:
            lines.pop()
    return head, cases


class Place:
    """Where one case runs, and what stands for it in texts."""

    def __init__(self, directory):
        self.directory, self.server, self.urls = directory, None, {}

    def serve(self):
        self.server = http_fixture.Fixture(self.directory)
        self.urls = self.server.names()

    def fill_urls(self, text):
        for name, value in self.urls.items():
            text = text.replace(name, value)
        return text

    def fill(self, text):
        return self.fill_urls(text).replace("{dir}", self.directory)

    def generalise(self, text):
        for name, value in self.urls.items():
            text = text.replace(value, name)
        return text.replace(self.directory, "{dir}")


def matches(expected, got, place):
    expected = place.fill(expected)
    if "{...}" not in expected:
        return expected == got
    pattern = ".*".join(re.escape(part) for part in expected.split("{...}"))
    return re.fullmatch(pattern, got) is not None


class Skip(Exception):
    pass


class Mismatch(Exception):
    pass


class Runner:
    def __init__(self, options):
        self.options = options

    def environment(self, directory):
        env = {"PATH": os.environ["PATH"], "HOME": directory + "/.home", "LANG": "C.UTF-8", "TMPDIR": directory + "/.tmp",
               "XDG_CACHE_HOME": directory + "/.cache", "PERCH": self.options.perch}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
            if name in os.environ:
                env[name] = os.environ[name]
        return env

    def prepare(self, section, place, env):
        kind, argument, directory = section.kind, section.argument, place.directory
        path = os.path.join(directory, argument)
        if kind in ("file", "bytes"):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            data = place.fill_urls(section.text).encode() if kind == "file" else ast.literal_eval(section.text.strip())
            with open(path, "wb") as f:
                f.write(data)
        elif kind == "guest":
            name, _, target = argument.partition(" ")
            source = os.path.join(self.options.guests, name) if self.options.guests else ""
            if not os.path.exists(source):
                raise Skip(f"guest {name} is not built")
            target = os.path.join(directory, target or os.path.basename(name))
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copyfile(source, target)
        elif kind == "needs":
            if shutil.which(argument) is None:
                raise Skip(f"{argument} is not installed")
        elif kind == "possible":
            if subprocess.run(["sh", "-c", argument], cwd=place.directory, capture_output=True).returncode != 0:
                raise Skip(f"this fails here: {argument}")
        elif kind == "unsanitized":
            if "ASAN_OPTIONS" in os.environ or "TSAN_OPTIONS" in os.environ:
                raise Skip(f"a sanitizer is at work: {argument}")
        elif kind == "serve":
            if not http_fixture.Fixture.possible():
                raise Skip("openssl, which makes the certificate of --- serve, is not installed")
            place.serve()
            env["SSL_CERT_FILE"] = place.server.certificate
        elif kind == "env":
            name, _, value = argument.partition("=")
            env[name] = place.fill(value)
        elif kind == "sh":
            done = subprocess.run(["sh", "-e", "-c", place.fill_urls(section.text)], cwd=directory, env=env, capture_output=True)
            if done.returncode != 0:
                raise Mismatch(f"sh failed with {done.returncode}:\n{done.stderr.decode(errors='replace')}")
        else:
            raise SystemExit(f"unknown section --- {kind}")

    def run_perch(self, section, stdin, place, env):
        words = [place.fill(w) for w in shlex.split(section.argument)]
        return subprocess.run([self.options.perch, *words], cwd=place.directory, env=env, input=stdin.encode(),
                              capture_output=True, timeout=self.options.timeout)

    def compare(self, expectations, done, place):
        want = {"exit": "0", "stdout": "", "stderr": ""}
        for section in expectations:
            if section.kind not in ("read", "requests"):
                want[section.kind] = section.argument if section.kind == "exit" else section.text
        got = {"exit": str(done.returncode if done.returncode >= 0 else 128 - done.returncode),
               "stdout": done.stdout.decode(errors="backslashreplace"),
               "stderr": done.stderr.decode(errors="backslashreplace")}
        problems = []
        for kind in ("exit", "stdout", "stderr"):
            if not matches(want[kind], got[kind], place):
                problems.append(f"{kind} differs\n--- expected\n{want[kind]}\n--- got\n{got[kind]}")
        for section in expectations:
            if section.kind == "read":
                path = os.path.join(place.directory, section.argument)
                text = open(path, encoding="utf-8").read() if os.path.exists(path) else None
                if text is None or not matches(section.text, text, place):
                    problems.append(f"{section.argument} differs\n--- expected\n{section.text}\n--- got\n{text}")
            elif section.kind == "requests":
                got["requests"] = text = place.server.requests()
                if not matches(section.text, text, place):
                    problems.append(f"requests differ\n--- expected\n{section.text}\n--- got\n{text}")
        return problems, got

    def execute(self, case):
        directory = os.path.realpath(tempfile.mkdtemp(prefix="perch-case-"))
        try:
            os.mkdir(directory + "/.home")
            os.mkdir(directory + "/.tmp")
            env = self.environment(directory)
            place = Place(directory)
            try:
                return self.steps(case, place, env)
            finally:
                if place.server:
                    place.server.end()
        finally:
            subprocess.run(["chmod", "-R", "u+rwX", directory], capture_output=True)
            shutil.rmtree(directory, ignore_errors=True)

    def steps(self, case, place, env):
        problems, blessed, stdin, at = [], [], "", 0
        runs = 0
        while at < len(case.sections):
            section = case.sections[at]
            at += 1
            blessed.append(section)
            if section.kind == "stdin":
                stdin = section.text
            elif section.kind != "run":
                self.prepare(section, place, env)
            else:
                runs += 1
                expectations = []
                while at < len(case.sections) and case.sections[at].kind in ("exit", "stdout", "stderr", "read", "requests"):
                    expectations.append(case.sections[at])
                    at += 1
                done = self.run_perch(section, stdin, place, env)
                found, got = self.compare(expectations, done, place)
                problems += [f"$ perch {section.argument}\n{p}" for p in found]
                blessed += self.bless(expectations, got, place) if found else expectations
                stdin = ""
        if runs == 0:
            problems.append("the case runs nothing")
        return problems, blessed

    @staticmethod
    def bless(expectations, got, place):
        out = [s for s in expectations if s.kind in ("read", "requests")]
        for section in out:
            if section.kind == "requests":
                section.lines = place.generalise(got["requests"]).split("\n")[:-1]
        if got["exit"] != "0":
            out.insert(0, Section("exit", got["exit"]))
        for kind in ("stdout", "stderr"):
            if got[kind]:
                text = place.generalise(got[kind])
                section = Section(kind, "" if text.endswith("\n") else "-")
                section.lines = text.split("\n")[:-1] if text.endswith("\n") else text.split("\n")
                out.append(section)
        return out


def write(path, head, cases):
    with open(path, "w", encoding="utf-8", newline="\n") as f:
        f.write("\n".join(head).rstrip("\n"))
        f.write("\n" if any(head) else "")
        for case in cases:
            f.write(f"\n=== {case.name}\n" if f.tell() else f"=== {case.name}\n")
            for section in case.sections:
                f.write(f"--- {section.kind} {section.argument}".rstrip() + "\n")
                f.write("".join(line + "\n" for line in section.lines))


def run_one(runner, case):
    try:
        problems, blessed = runner.execute(case)
        return problems, blessed, None
    except Skip as skip:
        return [], case.sections, str(skip)
    except Mismatch as mismatch:
        return [str(mismatch)], case.sections, None
    except subprocess.TimeoutExpired as late:
        return [f"still running after {late.timeout} s"], case.sections, None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", help="case files; default: all")
    parser.add_argument("--perch", default=os.environ.get("PERCH_EXE", "build/release/perch"))
    parser.add_argument("--guests", default=os.environ.get("PERCH_GUESTS", ""), help="directory of compiled guests")
    parser.add_argument("--filter", default="", help="only cases whose name contains this")
    parser.add_argument("--bless", action="store_true", help="rewrite what differs; review the diff")
    parser.add_argument("--timeout", type=float, default=60)
    parser.add_argument("--jobs", type=int, default=max(2, os.cpu_count() or 2))
    options = parser.parse_args()
    options.perch = os.path.abspath(options.perch)
    options.guests = os.path.abspath(options.guests) if options.guests else ""
    folder = os.path.join(HERE, "cases")
    files = options.files or sorted(os.path.join(folder, f) for f in os.listdir(folder) if f.endswith(".case"))
    runner = Runner(options)
    passed = failed = skipped = 0
    reasons = {}
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for path in files:
            head, cases = parse(path)
            chosen = [c for c in cases if options.filter in c.name]
            for case, (problems, blessed, skip) in zip(chosen, pool.map(lambda c: run_one(runner, c), chosen)):
                if skip:
                    skipped += 1
                    reasons[skip] = reasons.get(skip, 0) + 1
                elif problems and options.bless:
                    case.sections = blessed
                    failed += 1
                elif problems:
                    failed += 1
                    print(f"FAILED {os.path.basename(path)}: {case.name}")
                    print("\n".join("    " + line for p in problems for line in p.split("\n")))
                else:
                    passed += 1
            if options.bless:
                write(path, head, cases)
    for reason, count in sorted(reasons.items()):
        print(f"skipped {count}: {reason}")
    print(f"{passed} passed, {failed} {'blessed' if options.bless else 'failed'}, {skipped} skipped")
    return 1 if failed and not options.bless else 0 if passed or options.bless else 1


if __name__ == "__main__":
    sys.exit(main())
