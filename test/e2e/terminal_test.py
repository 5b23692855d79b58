#!/usr/bin/env python3
"""What perch says and asks on a terminal: the line of what is in force, and --ask.

Each check runs perch on a pseudo-terminal of its own, types the answers, and compares what was shown and what happened.
"""

import argparse
import os
import pty
import subprocess
import sys
import tempfile

import pseudo_terminal

PROGRAM = """
command main
    do
        print "start"
        t = read_file "./a.perch"
        mkdir "./made"
        exec touch "a b" '; rm -rf x'
        pipe
            exec echo "through a pipe"
            exec cat
        end
        exec sh -c "exit 3" || print "chained"
        shell "touch shelled"
        print "done"
    end
end
command input
    do
        exec cat
    end
end
command tricks
    do
        exec touch "a\\x1b[2Jb" "\\u202efdp"
    end
end
command cleans
    do
        try
            mkdir "./one"
        finally
            mkdir "./two"
        end
    end
end
"""


def run(perch, words, answers=b"", stdin=None):
    """(what the terminal showed, exit status, names made, stdout)"""
    with tempfile.TemporaryDirectory(prefix="perch-tty-") as directory:
        with open(os.path.join(directory, "a.perch"), "w", encoding="utf-8") as f:
            f.write(PROGRAM)
        out_read, out_write = os.pipe()
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(directory)
            os.dup2(out_write, 1)
            if stdin is not None:
                read, write = os.pipe()
                os.write(write, stdin)
                os.close(write)
                os.dup2(read, 0)
            os.execve(perch, [perch, *words], {"PATH": os.environ["PATH"], "HOME": directory, "TERM": "dumb",
                                               "TOKEN": "x"})
        os.close(out_write)
        os.write(terminal, answers)
        shown = b"".join(pseudo_terminal.pieces(terminal, pid))
        _, status = os.waitpid(pid, 0)
        os.close(terminal)
        stdout = b""
        while piece := os.read(out_read, 65536):
            stdout += piece
        os.close(out_read)
        names = sorted(n for n in os.listdir(directory) if not n.startswith(".") and n != "a.perch")
        return shown.decode(errors="replace").replace("\r\n", "\n"), os.waitstatus_to_exitcode(status), names, stdout.decode()


def check(condition, what, *seen):
    if not condition:
        print(f"FAILED: {what}")
        for each in seen:
            print(f"    {each!r}")
        check.failed += 1


check.failed = 0


def banner(perch):
    shown, status, _, _ = run(perch, ["--no-network", "--env=HOME,TERM", "-f", "a.perch", "cleans"])
    check("perch: in force: --no-network, --env=HOME,TERM; programs are held to it by the kernel\n" in shown and status == 0,
          "the line names layers and says that programs are held", shown)
    shown, _, _, _ = run(perch, ["--no-shell-metachars", "-f", "a.perch", "cleans"])
    check("perch: in force: --no-shell-metachars\n" in shown, "nothing is said of the kernel where it holds nothing", shown)
    shown, _, _, _ = run(perch, ["--no-write", "--no-subprocess", "-f", "a.perch", "cleans"])
    check("--no-write" in shown and "held to it" not in shown, "nothing is said of programs where none may start", shown)
    shown, _, _, _ = run(perch, ["--no-network", "--confine=off", "-f", "a.perch", "cleans"])
    check("programs are NOT held to it" in shown, "--confine=off is said", shown)
    for words in (["--quiet", "--no-network"], []):
        shown, _, _, _ = run(perch, [*words, "-f", "a.perch", "cleans"])
        check("in force" not in shown, f"no line with {words}", shown)
    done = subprocess.run([perch, "--no-write", "--version"], capture_output=True, check=False)
    check(done.stderr == b"", "no line where stderr is no terminal", done.stderr)


def asking(perch):
    words = ["--ask", "-f", "a.perch", "main"]
    shown, status, names, out = run(perch, words, b"y\n" * 6)
    check(status == 0 and names == ["; rm -rf x", "a b", "made", "shelled"], "yes runs", names, shown)
    check("mkdir ./made" in shown and "touch 'a b' '; rm -rf x'" in shown, "whole statements are shown", shown)
    check("pipe\n  echo 'through a pipe'\n  cat\n" in shown, "all stages of a pipe are shown", shown)
    check("read_file" not in shown, "looking at files is not asked about", shown)
    check("through a pipe" in out and "chained" in out, "what was allowed ran", out)
    shown, status, names, out = run(perch, words, b"n\n" * 6)
    check(status == 0 and names == [] and out == "start\ndone\n", "no skips", names, out, shown)
    shown, status, names, out = run(perch, words, b"n\na\n")
    check(status == 0 and "made" not in names and "shelled" in names and shown.count("run it?") == 2, "all asks no more", names,
          shown)
    shown, status, names, out = run(perch, words, b"y\nq\n")
    check(status == 1 and names == ["made"] and "done" not in out, "quit ends it", status, names, out)
    shown, status, names, out = run(perch, words, b"\x04")
    check(status == 1 and names == [] and "done" not in out, "the end of the terminal's input ends it", status, names, out)
    shown, status, names, out = run(perch, words, b"maybe\nn\nq\n")
    check(shown.count("run it?") == 3, "anything else is asked again", shown)
    shown, status, names, out = run(perch, ["--ask", "-f", "a.perch", "cleans"], b"q\n")
    check(status == 1 and names == [], "after quitting nothing runs, in finally neither", status, names)
    shown, status, names, out = run(perch, ["--ask", "-f", "a.perch", "input"], b"y\n", stdin=b"of the program\n")
    check(out == "of the program\n", "the program's input is its own", out, shown)
    shown, status, names, out = run(perch, ["--ask", "-f", "a.perch", "tricks"], b"q\n")
    check("\x1b" not in shown and "\u202e" not in shown and "\ufffd" in shown, "a statement cannot draw itself", shown)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--perch", default="build/release/perch")
    perch = os.path.abspath(parser.parse_args().perch)
    banner(perch)
    asking(perch)
    print("failed" if check.failed else "passed")
    return 1 if check.failed else 0


if __name__ == "__main__":
    sys.exit(main())
