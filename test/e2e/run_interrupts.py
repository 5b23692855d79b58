#!/usr/bin/env python3
"""Ctrl-C and the terminal's input, for programs that run in the foreground and in pipes.

Each check runs perch as the leader of a pseudo-terminal of its own, types when a text has been shown, and compares what
was shown and how perch ended.
"""

import argparse
import os
import pty
import sys
import tempfile

import pseudo_terminal

INTERRUPT = b"\x03"
SLEEPS = 'sh -c "echo ready; exec sleep 100"'

PROGRAM = """
command bye
    private
    do
        print "bye"
    end
end
command rescues
    on_signal bye
    do
        try
            SLEEPS
        rescue
            print "rescued"
        finally
            print "finally"
        end
        print "next"
    end
end
command retries
    do
        retry 3 delay=10ms
            SLEEPS
        end
    end
end
command chains
    do
        SLEEPS || print "other" ; print "next"
    end
end
command captures
    do
        x = sh -c "echo ready >&2; exec sleep 100" || print "other"
        print "next"
    end
end
command handles
    do
        sh -c "trap 'echo handled; exit 0' INT; echo ready; while :; do sleep 0.01; done"
        print "next"
    end
end
command fails
    do
        try
            sh -c "trap 'exit 130' INT; echo ready; while :; do sleep 0.01; done"
        rescue
            print "rescued ${err.code}"
        end
    end
end
command cleans
    do
        try
            SLEEPS
        finally
            sh -c "echo cleaning; exec sleep 100"
        end
    end
end
command pipe_reads
    do
        pipe
            sh -c "echo ready >&2; read l; echo got $l"
            cat
        end
    end
end
command pipe_asks
    do
        pipe
            sh -c "echo ready >&2; read l < /dev/tty; echo got $l"
            sh -c "cat; echo again >&2; read l < /dev/tty; echo then $l"
            cat
        end
    end
end
command asks
    private
    do
        sh -c "echo ready >&2; read l < /dev/tty; echo got $l"
    end
end
command pipe_calls
    do
        pipe
            asks
            cat
        end
    end
end
command pipe_sleeps
    do
        try
            pipe
                SLEEPS
                cat
                sh -c "cat; sleep 100"
            end
        rescue
            print "rescued"
        end
    end
end
command pipe_handles
    do
        pipe
            exec sleep 100
            sh -c "trap 'echo asked' INT; echo ready >&2; while ! read l < /dev/tty; do :; done; echo got $l"
        end
    end
end
""".replace("SLEEPS", SLEEPS)


def run(perch, directory, command, typed):
    """(exit status, what was shown). `typed`: pairs of a text to wait for and what to type then."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(directory)
        os.execve(perch, [perch, "-f", "a.perch", command],
                  {"PATH": os.environ["PATH"], "HOME": directory, "TERM": "dumb"})
    shown, seen, typed = b"", 0, list(typed)
    for piece in pseudo_terminal.pieces(terminal, pid):
        shown += piece
        while typed and (at := shown.find(typed[0][0].encode(), seen)) >= 0:
            seen = at + len(typed[0][0])
            os.write(terminal, typed.pop(0)[1])
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode(errors="replace").replace("\r\n", "\n")


class Checks:
    def __init__(self, perch, directory):
        self.perch, self.directory, self.failed = perch, directory, 0

    def that(self, command, typed, status, has=(), has_not=()):
        got, shown = run(self.perch, self.directory, command, typed)
        missing = [text for text in has if text not in shown]
        surplus = [text for text in has_not if text in shown]
        if got != status or missing or surplus:
            self.failed += 1
            print(f"FAILED {command}: status {got}, not {status}" if got != status else f"FAILED {command}")
            print(f"    missing {missing}, surplus {surplus}, shown {shown!r}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--perch", default="build/release/perch")
    perch = os.path.abspath(parser.parse_args().perch)
    stop = [("ready", INTERRUPT)]
    with tempfile.TemporaryDirectory(prefix="perch-interrupts-") as directory:
        with open(os.path.join(directory, "a.perch"), "w", encoding="utf-8") as f:
            f.write(PROGRAM)
        check = Checks(perch, directory)
        check.that("rescues", stop, 130, ["finally", "bye", "error[signal_received]: stopped by SIGINT"], ["rescued", "next"])
        check.that("retries", stop, 130, ["signal_received"])
        check.that("chains", stop, 130, ["signal_received"], ["\nother", "\nnext"])
        check.that("captures", stop, 130, ["signal_received"], ["\nother", "\nnext"])
        check.that("handles", stop, 0, ["handled", "next"])
        check.that("fails", stop, 0, ["rescued 130"])
        # The second one, while perch cleans up, ends it at once.
        check.that("cleans", [*stop, ("cleaning", INTERRUPT)], -2)
        check.that("pipe_reads", [("ready", b"hello\n")], 0, ["got hello"])
        check.that("pipe_asks", [("ready", b"one\n"), ("again", b"two\n")], 0, ["got one", "then two"])
        check.that("pipe_calls", [("ready", b"hello\n")], 0, ["got hello"])
        check.that("pipe_calls", stop, 130, ["signal_received"])
        check.that("pipe_sleeps", stop, 130, ["signal_received"], ["rescued"])
        check.that("pipe_handles", [*stop, ("asked", b"hello\n")], 130, ["got hello", "signal_received"])
    print("failed" if check.failed else "passed")
    return 1 if check.failed else 0


if __name__ == "__main__":
    sys.exit(main())
