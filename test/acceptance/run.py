#!/usr/bin/env python3
"""Programs of the kind users write, and what they start: every NAME.perch here has a NAME.session.

Each program must pass `perch --check` without a finding and be laid out as `perch fmt` lays it out. Then its session is
played: the programs it starts are stubs that write down their arguments, and what was written is compared.

    stub PROGRAM [ARG…]            PROGRAM is on PATH; it succeeds and prints nothing
    stub PROGRAM ARG… => TEXT      with exactly these arguments it prints TEXT (\\n is a line end)
    stub PROGRAM ARG… =! N [TIMES] with these it fails with status N (only the first TIMES times)
    stub PROGRAM ARG… =. SECONDS   with these it waits
    real PROGRAM…                  these are on PATH themselves
    file PATH [TEXT]               a file to write first
    env NAME VALUE                 a variable of perch's
    show NAME…                     variables that the stubs write down where they are set

    $ WORDS                        runs perch with them (shell quoting; -f is added); then, in this order,
    > LINE                         each line of its stdout and stderr
    PROGRAM <ARG> …                each start, in order (\\n is a line end in an argument), with `(DIR)` before it where that is not the session's directory
    ~ PROGRAM <ARG> …              a start whose place among its neighbours with `~` is left open (parallel)
    [exit N]                       when the status is not 0

The search path holds the stubs, sh, bash and wc, so a program that is none of these is not found. `--bless` writes
down what happened; the difference is to be read.
"""

import argparse
import glob
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))

# One write for a start, so that starts at the same time do not mix.
STUB = r"""#!/bin/sh
line=$({{
    if [ "$PWD" != {directory} ]; then printf '(%s) ' "${{PWD#{directory}/}}"; fi
    printf '%s' {name}
    for argument do printf ' <%s>' "$argument"; done
{show}}} | {sed} ':a;N;$!ba;s/\n/\\n/g')
printf '%s\n' "$line" >>{log}
all=
for argument do all="$all <$argument>"; done
case $all in
{answers}esac
"""


def stub_text(name, rules, shown, directory, log):
    show = "".join(f"    if [ \"${{{v}+x}}\" ]; then printf ' %s=%s' {v} \"${v}\"; fi\n" for v in shown)
    answers = ""
    for number, (arguments, kind, value) in enumerate(rules):
        pattern = shlex.quote("".join(f" <{a}>" for a in arguments))
        if kind == "=>":
            answers += f"{pattern}) printf '%b\\n' {shlex.quote(value)} ;;\n"
        elif kind == "=!":
            status, _, times = value.partition(" ")
            count = shlex.quote(f"{log}.{name}.{number}")
            until = f"printf x >>{count}; [ \"$(wc -c <{count})\" -gt {times} ] || " if times else ""
            answers += f"{pattern}) {until}exit {int(status)} ;;\n"
        elif kind == "=.":
            answers += f"{pattern}) exec {shutil.which('sleep')} {float(value)} ;;\n"
    return STUB.format(name=shlex.quote(name), directory=shlex.quote(directory), log=shlex.quote(log), show=show, answers=answers,
                       sed=shutil.which("sed"))


class Session:
    def __init__(self, path):
        with open(path, encoding="utf-8") as f:
            self.lines = f.read().split("\n")
        self.head, self.runs, self.stubs, self.files, self.env, self.shown = [], [], {}, [], {}, []
        self.real = ["sh", "bash", "wc"]  # wc is for the stubs
        for line in self.lines:
            if line == "$" or line.startswith("$ "):
                self.runs.append((line[2:], []))
            elif self.runs:
                self.runs[-1][1].append(line)
            else:
                self.head.append(line)
                self.setting(line)

    def setting(self, line):
        word, _, rest = line.partition(" ")
        if word == "stub":
            call, kind, value = (re.split(r" (=>|=!|=\.) ", rest, maxsplit=1) + ["", ""])[:3]
            name, *arguments = shlex.split(call)
            self.stubs.setdefault(name, []).append((arguments, kind, value))
        elif word == "file":
            path, _, text = rest.partition(" ")
            self.files.append((path, text.replace("\\n", "\n")))
        elif word == "env":
            name, _, value = rest.partition(" ")
            self.env[name] = value
        elif word == "real":
            self.real += rest.split()
        elif word == "show":
            self.shown += rest.split()
        elif line.strip() and not line.startswith("#"):
            raise SystemExit(f"a session has no line `{line}`")

    def prepare(self, base):
        directory, programs, log = base + "/work", base + "/bin", base + "/log"
        os.mkdir(directory)
        os.mkdir(programs)
        for path, text in self.files:
            os.makedirs(os.path.dirname(os.path.join(directory, path)), exist_ok=True)
            with open(os.path.join(directory, path), "w", encoding="utf-8") as f:
                f.write(text + "\n")
        for name, rules in self.stubs.items():
            with open(os.path.join(programs, name), "w", encoding="utf-8") as f:
                f.write(stub_text(name, rules, self.shown, directory, log))
            os.chmod(os.path.join(programs, name), 0o755)
        for name in self.real:
            os.symlink(shutil.which(name), os.path.join(programs, name))
        return directory, programs, log

    def play(self, perch, program):
        with tempfile.TemporaryDirectory(prefix="perch-acceptance-") as base:
            base = os.path.realpath(base)
            directory, programs, log = self.prepare(base)
            shutil.copyfile(program, os.path.join(directory, os.path.basename(program)))
            shutil.copytree(os.path.join(HERE, "lib"), os.path.join(directory, "lib"))
            env = {"PATH": programs, "HOME": base + "/home", "LANG": "C.UTF-8", "TMPDIR": base, "XDG_CACHE_HOME": base + "/cache",
                   **self.env}
            os.mkdir(base + "/home")
            for words, _ in self.runs:
                open(log, "w", encoding="utf-8").close()
                flags = [perch, "-f", os.path.basename(program), *shlex.split(words)]
                done = subprocess.run(flags, cwd=directory, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, timeout=60, check=False)
                got = ["> " + line if line else ">" for line in done.stdout.decode(errors="backslashreplace").split("\n")[:-1]]
                with open(log, encoding="utf-8") as f:
                    got += f.read().split("\n")[:-1]
                if done.returncode:
                    got.append(f"[exit {done.returncode}]")
                yield [line.replace(base, "{base}") for line in got]


def sorted_open(lines):
    """The lines with every run of `~` lines in alphabetic order."""
    out, unordered = [], []
    for line in [*lines, ""]:
        if line.startswith("~ "):
            unordered.append(line)
        else:
            out += sorted(unordered) + [line]
            unordered = []
    return out[:-1]


def as_open(want, got):
    """`got` with `~` before the starts that `want` has as open ones."""
    wanted = [line[2:] for line in want if line.startswith("~ ")]
    out = []
    for line in got:
        if line in wanted:
            wanted.remove(line)
            line = "~ " + line
        out.append(line)
    return sorted_open(out)


def trimmed(lines):
    return lines[:len(lines) - next((i for i, line in enumerate(reversed(lines)) if line), len(lines))]


def said(perch, path, *words):
    done = subprocess.run([perch, *words], cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=60,
                          env={"PATH": path, "HOME": "/nonexistent", "LANG": "C.UTF-8"})
    return done.returncode, done.stdout.decode()


def check_program(perch, program):
    name = os.path.basename(program)
    with tempfile.TemporaryDirectory(prefix="perch-acceptance-") as programs, open(program, encoding="utf-8") as f:
        for declared in set(re.findall(r'^ +bin "([^"/]+)"', f.read(), re.MULTILINE)):
            os.symlink(shutil.which("true"), os.path.join(programs, declared))
        status, text = said(perch, programs, "--check", "-f", name)
    if status or not text.endswith("— no issues\n"):
        yield f"--check finds something:\n{text}"
    status, text = said(perch, "/nonexistent", "fmt", "--diff", name)
    if status or text:
        yield f"fmt would change it:\n{text}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--perch", default=os.path.join(ROOT, "build/release/perch"))
    parser.add_argument("--bless", action="store_true")
    options = parser.parse_args()
    perch = os.path.abspath(options.perch)
    runs = failed = 0
    programs = sorted(glob.glob(HERE + "/*.perch"))
    if options.names:
        programs = [p for p in programs if os.path.basename(p)[:-6] in options.names]
    for program in programs:
        name = os.path.basename(program)[:-6]
        for problem in check_program(perch, program):
            print(f"FAILED {name}: {problem}")
            failed += 1
        path = program[:-6] + ".session"
        if not os.path.exists(path):
            print(f"FAILED {name}: it has no session")
            failed += 1
            continue
        session = Session(path)
        blessed = trimmed(session.head)
        for (words, want), got in zip(session.runs, session.play(perch, program)):
            want, got = trimmed(want), as_open(want, got)
            blessed += ["", ("$ " + words).strip(), *got]
            runs += 1
            if sorted_open(want) != got:
                failed += 1
                print(f"FAILED {name}: $ {words}\n--- expected\n" + "\n".join(want) + "\n--- got\n" + "\n".join(got))
        if options.bless:
            with open(path, "w", encoding="utf-8") as f:
                f.write("\n".join(blessed) + "\n")
    print(f"{len(programs)} programs, {runs} runs, {failed} failed")
    return 1 if failed or not runs else 0


if __name__ == "__main__":
    sys.exit(main())
