#!/usr/bin/env python3
"""Runs the real executable in a pseudo-terminal: progress, colours, and that neither is in a pipe."""

import argparse
import fcntl
import http.server
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
import threading

import pseudo_terminal

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
command compiles
    do
        shell "printf 'name: '"
        wasm_run "slow.wasm"
        end
        print "done"
    end
end
command downloads
    arg url
        type string
        index 0
    end
    do
        download "${url}" "got"
        print "done"
    end
end
"""


def number(value, signed=False):
    """LEB128."""
    out = b""
    while True:
        byte, value = value & 0x7F, value >> 7
        if value == 0 and not (signed and byte & 0x40):
            return out + bytes([byte])
        out += bytes([byte | 0x80])


def slow_module():
    """A module that takes long to compile on any number of cores: one function of loads and stores."""
    def section(kind, body):
        return bytes([kind]) + number(len(body)) + body

    code = b"".join(b"\x41" + number(k % 1000 * 4, True) + b"\x41" + number(k * 7 % 1000 * 4, True)
                    + b"\x28\x02\x00\x36\x02\x00" for k in range(200_000))
    body = b"\x00" + code + b"\x0b"
    return (b"\0asm\x01\0\0\0" + section(1, b"\x01\x60\x00\x00") + section(3, b"\x01\x00")
            + section(5, b"\x01\x00\x01") + section(7, b"\x02\x06memory\x02\x00\x06_start\x00\x00")
            + section(10, b"\x01" + number(len(body)) + body))


class Server:
    """One file of 200,000 bytes; the second half is sent when `go_on` is set."""

    def __init__(self):
        self.go_on = threading.Event()
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", "200000")
                self.end_headers()
                self.wfile.write(b"x" * 100000)
                self.wfile.flush()
                server.go_on.wait(60)
                self.wfile.write(b"y" * 100000)

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.http.server_port}/file"


def run(perch, directory, words, terminal=True, env=None, columns=80, when=None):
    """The exit status and what came out. In a terminal both streams are one. `when`: a text, and what to do once it
    has been shown."""
    environment = {"PATH": os.environ["PATH"], "HOME": directory, "TERM": "xterm", "LANG": "C.UTF-8", **(env or {})}
    argv = [perch, *words]
    if not terminal:
        done = subprocess.run(argv, cwd=directory, env=environment, stdin=subprocess.DEVNULL, capture_output=True)
        return done.returncode, (done.stdout + done.stderr).decode()
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    child = subprocess.Popen(argv, cwd=directory, env=environment, stdin=slave, stdout=slave, stderr=slave,
                             start_new_session=True)
    os.close(slave)
    out = b""
    for piece in pseudo_terminal.pieces(master, child.pid):
        out += piece
        if when and when[0].encode() in out:
            when[1]()
            when = None
    os.close(master)
    return child.wait(timeout=60), out.decode().replace("\r\n", "\n")


def on_screen(text):
    """The lines a terminal shows at the end, for the few controls perch uses: what it does not know is shown."""
    lines, column, saved = [""], 0, 0
    for part in re.findall(r"\x1b[78]|\x1b\[\??\d*[Khlm]|\n|[^\n\x1b]+|\x1b", text):
        if part == "\n":
            lines.append("")
            column = 0
        elif part == "\x1b7":
            saved = column
        elif part == "\x1b8":
            column = saved
        elif part == "\x1b[K":
            lines[-1] = lines[-1][:column]
        elif not re.fullmatch(r"\x1b\[(\?7[hl]|\d*m)", part):
            lines[-1] = lines[-1][:column] + part + lines[-1][column + len(part):]
            column += len(part)
    return [line for line in lines if line]


def check_long_work(perch, directory, file, check):
    """What takes long has a line; what the program left on its own stays."""
    with open(os.path.join(directory, "slow.wasm"), "wb") as f:
        f.write(slow_module())
    words = ["--no-cache", *file, "compiles"]
    code, out = run(perch, directory, words)
    check.that(code == 0 and "compiling slow.wasm" in out, "compiling is shown", out)
    check.that(on_screen(out) == ["name: done"], "the line behind a prompt leaves the prompt", on_screen(out))
    code, out = run(perch, directory, words, columns=16)
    check.that("\x1b[?7lcompiling slow…" in out, "a narrow terminal gets the front of the line", out)
    for case in ({"terminal": False}, {"env": {"TERM": "dumb"}}):
        code, out = run(perch, directory, words, **case)
        check.that(out == "name: done\n", f"no word of compiling with {case}", out)

    server = Server()
    words = ["--allow-private-ips", *file, "downloads", server.url]
    code, out = run(perch, directory, words, when=("KiB", server.go_on.set))
    check.that(code == 0 and re.search(r"from 127.0.0.1: \d+\.\d KiB", out), "a download counts its bytes", out)
    check.that(on_screen(out) == ["done"], "nothing of a download's line stays", on_screen(out))
    code, out = run(perch, directory, ["--quiet", *words])
    check.that(out == "done\n", "--quiet shows no download", out)


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

        check_long_work(perch, directory, file, check)

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
