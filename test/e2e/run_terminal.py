#!/usr/bin/env python3
"""Runs the real executable in a pseudo-terminal: progress, colours, and that neither is in a pipe."""

import argparse
import os
import pty
import select
import subprocess
import sys
import tempfile
import time

PROGRAM = """command branches
    do
        parallel
            shell "sleep 0.7; echo one"
            shell "sleep 0.9; echo two"
        end
        print "done"
    end
end
command open_line
    do
        parallel
            print "first"
            shell "sleep 0.6"
        end
    end
end
command quick
    do
        print "quick"
    end
end
command broken
    do
        fail "no"
    end
end
"""

ERASE = "\r\x1b[K"


def run(perch, directory, words, terminal=True, env=None):
    """The exit status and what came out. In a terminal both streams are one."""
    environment = {"PATH": os.environ["PATH"], "HOME": directory, "TERM": "xterm", "LANG": "C.UTF-8", **(env or {})}
    argv = [perch, *words]
    if not terminal:
        done = subprocess.run(argv, cwd=directory, env=environment, stdin=subprocess.DEVNULL, capture_output=True)
        return done.returncode, (done.stdout + done.stderr).decode()
    master, slave = pty.openpty()
    child = subprocess.Popen(argv, cwd=directory, env=environment, stdin=slave, stdout=slave, stderr=slave,
                             start_new_session=True)
    os.close(slave)
    out, deadline = b"", time.monotonic() + 60
    while time.monotonic() < deadline:
        if not select.select([master], [], [], 1)[0]:
            continue
        try:
            piece = os.read(master, 65536)
        except OSError:  # the last process has closed the terminal
            break
        if not piece:
            break
        out += piece
    os.close(master)
    return child.wait(timeout=60), out.decode().replace("\r\n", "\n")


def on_screen(text):
    """The lines a terminal shows at the end, for the few controls perch uses."""
    lines = [""]
    for part in text.split("\n"):
        lines[-1] = part.rsplit(ERASE, 1)[-1] if ERASE in part else part
        lines.append("")
    return [line for line in lines if line]


class Checks:
    def __init__(self):
        self.failed = 0

    def that(self, truth, what, got):
        if not truth:
            self.failed += 1
            print(f"FAILED {what}\n--- got\n{got!r}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--perch", default="build/release/perch")
    perch = os.path.abspath(parser.parse_args().perch)
    check = Checks()
    with tempfile.TemporaryDirectory(prefix="perch-terminal-") as directory:
        with open(os.path.join(directory, "a.perch"), "w", encoding="utf-8") as f:
            f.write(PROGRAM)
        file = ["-f", "a.perch"]

        code, out = run(perch, directory, [*file, "branches"])
        check.that(code == 0, "branches ends well", out)
        check.that("parallel: 2 running, 0 of 2 finished" in out, "running branches are shown", out)
        check.that("parallel: 1 running, 1 of 2 finished" in out, "finished branches are counted", out)
        check.that(on_screen(out) == ["one", "two", "done"], "nothing of the line stays", on_screen(out))

        code, out = run(perch, directory, ["--quiet", *file, "branches"])
        check.that(out == "one\ntwo\ndone\n", "--quiet shows no progress", out)
        code, out = run(perch, directory, [*file, "branches"], env={"TERM": "dumb"})
        check.that(out == "one\ntwo\ndone\n", "a terminal that cannot erase gets no progress", out)
        code, out = run(perch, directory, [*file, "branches"], terminal=False)
        check.that(out == "one\ntwo\ndone\n", "a pipe gets no progress", out)
        code, out = run(perch, directory, [*file, "quick"])
        check.that(out == "quick\n", "what is over at once gets no line", out)

        code, out = run(perch, directory, [*file, "--trace", "branches"])
        check.that("\x1b[32m✓\x1b[0m" in out, "a trace on a terminal is coloured", out)
        shown = [line for line in on_screen(out) if "running" in line]
        check.that(not shown, "trace and progress leave each other whole", out)
        for words, env in ((["--color=never"], {}), ([], {"NO_COLOR": "1"})):
            code, out = run(perch, directory, [*words, "--trace", *file, "broken"], env=env)
            check.that("\x1b[3" not in out and code == 1, f"no colour with {words or env}", out)
        code, out = run(perch, directory, ["--trace", *file, "broken"], terminal=False)
        check.that("\x1b" not in out, "no colour in a pipe", out)
        code, out = run(perch, directory, ["--color=always", "--trace", *file, "broken"], terminal=False)
        check.that("\x1b[31m✗" in out, "--color=always colours a pipe, too", out)
    print("terminal: " + ("all as it should be" if check.failed == 0 else f"{check.failed} failed"))
    return 1 if check.failed else 0


if __name__ == "__main__":
    sys.exit(main())
