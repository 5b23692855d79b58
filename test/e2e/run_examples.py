#!/usr/bin/env python3
"""Runs the example of every op in the real executable, as `perch ops --json` lists them.

An example is the body of a command. A line that ends in `# => text` binds a name, and the text is what the name must
hold: the line is followed by an assertion of just that. Examples that speak to a server speak to one started here;
those of bundles have files beside the program. What cannot be run is listed with its reason, and must be exactly that.
"""

import argparse
import concurrent.futures
import http.server
import json
import os
import re
import subprocess
import sys
import tempfile
import threading

NOT_RUN = {"bundle_hash": "only a built executable has one", "pkg_install": "it would change this machine"}
SERVED = "https://example.com"


class Server(http.server.BaseHTTPRequestHandler):
    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b"{\"jars\": 3}\n"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = answer

    def log_message(self, *_):
        pass


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("${", "\\${") + '"'


def program(op, server):
    lines = []
    for line in op["example"].replace(SERVED, server).split("\n"):
        lines.append(line)
        shown = re.match(r"( *)(\w+) = .*  # => (.*)$", line)
        if shown:
            lines.append(f'{shown[1]}assert_eq "${{{shown[2]}}}" {quoted(shown[3])}')
    head = 'bundle\n    include "rules"\nend\n' if op["family"] == "Bundle" else ""
    body = "".join(f"        {line}\n" for line in lines)
    return f'{head}command example\n    description "runs it"\n    do\n{body}    end\nend\n'


def run(perch, op, server):
    with tempfile.TemporaryDirectory(prefix="perch-example-") as directory:
        os.mkdir(os.path.join(directory, "rules"))
        for name, text in (("rules/a.txt", "a rule\n"), ("example.perch", program(op, server))):
            with open(os.path.join(directory, name), "w", encoding="utf-8") as f:
                f.write(text)
        env = {"PATH": os.environ["PATH"], "HOME": directory, "LANG": "C.UTF-8", "TMPDIR": directory, "SHELL": "/bin/sh",
               "XDG_CACHE_HOME": os.path.join(directory, ".cache"), "OVEN": "hot"}
        for words in (["--check", "--json"], ["--allow-private-ips", "-f", "example.perch", "example"]):
            where = ["-f", "example.perch"] if words[0] == "--check" else []
            done = subprocess.run([perch, *words, *where], cwd=directory, env=env, stdin=subprocess.DEVNULL,
                                  capture_output=True, timeout=60)
            exits = op["name"] == "exit" and words[0] != "--check"  # its example ends with a status
            if done.returncode != 0 and not exits:
                return (f"perch {' '.join(words + where)}: exit {done.returncode}\n"
                        + (done.stdout + done.stderr).decode(errors="replace"))
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--perch", default=os.environ.get("PERCH_EXE", "build/release/perch"))
    parser.add_argument("--filter", default="", help="only ops whose name contains this")
    options = parser.parse_args()
    perch = os.path.abspath(options.perch)
    ops = json.loads(subprocess.run([perch, "--json", "ops"], capture_output=True, check=True).stdout)
    ops = [op for op in ops if options.filter in op["name"]]
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    wanted = [op for op in ops if op["name"] not in NOT_RUN]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(max(2, os.cpu_count() or 2)) as pool:
        for op, problem in zip(wanted, pool.map(lambda op: run(perch, op, address), wanted)):
            if problem:
                failed += 1
                print(f"FAILED {op['name']}\n{problem}")
    server.shutdown()
    skipped = sorted({op["name"] for op in ops} & NOT_RUN.keys())
    for name in skipped:
        print(f"not run: {name}: {NOT_RUN[name]}")
    print(f"{len(wanted) - failed} passed, {failed} failed, {len(skipped)} not run")
    return 1 if failed or not wanted else 0


if __name__ == "__main__":
    sys.exit(main())
