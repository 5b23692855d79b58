#!/usr/bin/env python3
"""Tries every restriction against an op, a shell text, a program, a program that this starts, and a module.

Prints what happened as tables; `--check PAGE` fails when the page does not hold exactly these between its marks,
`--write PAGE` puts them there. `done`: it happened; `refused`: perch said no (exit status 126) before anything was
started; `held`: what was started could not do it.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

BEGIN, END = "<!-- made by test/e2e/policy_table.py -->", "<!-- end of what is made -->"

FLAGS = ["", "--no-shell", "--no-subprocess", "--no-write", "--allow-write-path=ok", "--no-read", "--allow-read-path=ok",
         "--no-network", "--allow-host=example.org", "--no-env", "--env=OTHER", "--allow-bin=true", "--no-wasm"]
SANDBOXES = ["no_shell", "no_subprocess", "no_write", "write=./ok", "no_read", "read=./ok", "no_network",
             "host=example.org", "no_env", "env=OTHER", "bin=true", "no_wasm"]
# Lists that hold nothing of what is tried but the programs that try it.
LISTS = 'requires\nbin "sh"\nbin "bash"\nbin "cat"\nbin "kill"\nread "./ok"\nwrite "./ok"\nhost "example.org"\n{}end\n'
MANIFESTS = {"requires": LISTS.format(""), "requires with confine": LISTS.format("confine\n")}

# Effect: how an op, a shell text, a program and a program of that program try it, and how one sees that it happened.
WRITE = "echo x > {d}/f"
READ = "cat {d}/secret"
SOCKET = "bash -c 'exec 3<>/dev/tcp/127.0.0.1/1' 2>&1 | grep -q -i refused && echo hidden"
TOKEN = "echo $TOKEN"
SIGNAL = "kill -0 {outside} && echo hidden"
OTHERS = "cat /proc/{outside}/environ"


class Effect:
    def __init__(self, name, op, text, module, happened):
        self.name, self.op, self.text, self.module, self.happened = name, op, text, module, happened


def made(directory, output):
    return os.path.exists(os.path.join(directory, "d", "f"))


def told(directory, output):
    return "hidden" in output


EFFECTS = [
    Effect("changes a file", 'write_file "./d/f" "x"', WRITE,
           'wasm_run "./fs.wasm"\nwasm_arg "write"\nwasm_arg "/rw/d/f"\nwasm_arg "x"\nwasm_mount_write "./d"\nend', made),
    Effect("reads a file", 't = read_file "./d/secret"\nprint "${t}"', READ,
           'wasm_run "./fs.wasm"\nwasm_arg "read"\nwasm_arg "/ro/d/secret"\nwasm_mount_read "./d"\nend', told),
    Effect("opens a socket", 'p = find_free_port\nprint "hidden"', SOCKET, None, told),
    Effect("sees a variable", 'print "${TOKEN}"', TOKEN,
           'wasm_run "./show.wasm"\nwasm_env "TOKEN"\nend', told),
    Effect("sees the variables of another process", 't = read_file "/proc/OUTSIDE/environ"\nprint "${t}"', OTHERS, None, told),
    Effect("signals another process", None, SIGNAL, None, told),
]
ACTORS = ["an op", "a shell text", "a program", "what that starts", "a module"]


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$") + '"'


def statement(effect, actor, outside):
    text = effect.text.format(d="d", outside=outside)
    if actor == "an op":
        return effect.op.replace("OUTSIDE", str(outside))
    if actor == "a shell text":
        return f"shell {quoted(text)}"
    if actor == "a program":
        return f"exec sh -c {quoted(text)}"
    if actor == "what that starts":
        inner = text.replace("'", "'\\''")
        return f"exec sh -c {quoted(f'sh -c {chr(39)}{inner}{chr(39)}; true')}"
    return effect.module


def program(body, manifest, sandbox):
    lines = [f"sandbox {quoted(sandbox)}", body, "end"] if sandbox else [body]
    return manifest + "command main\ndo\n" + "\n".join(lines) + "\nend\nend\n"


def attempt(options, effect, actor, flag="", sandbox="", manifest=""):
    body = statement(effect, actor, options.outside)
    with tempfile.TemporaryDirectory(prefix="perch-table-") as directory:
        os.makedirs(os.path.join(directory, "d"))
        os.makedirs(os.path.join(directory, "ok"))
        with open(os.path.join(directory, "d", "secret"), "w", encoding="utf-8") as f:
            f.write("hidden\n")
        for name in ("fs.wasm", "show.wasm"):
            shutil.copy(os.path.join(options.guests, "c", name), directory)
        with open(os.path.join(directory, "a.perch"), "w", encoding="utf-8") as f:
            f.write(program(body, manifest, sandbox))
        env = {"PATH": os.environ["PATH"], "HOME": directory, "LANG": "C.UTF-8", "TOKEN": "hidden", "OTHER": "seen",
               "XDG_CACHE_HOME": options.cache}
        done = subprocess.run([options.perch, *([flag] if flag else []), "-f", "a.perch", "main"], cwd=directory, env=env,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        if effect.happened(directory, done.stdout):
            return "done"
        if done.returncode == 126:
            return "refused"
        if done.returncode in (2, 127) and "exit_nonzero" not in done.stderr:
            raise SystemExit(f"{flag or sandbox or manifest}, {effect.name}, {actor}: {done.stderr}")
        return "held"


def tables(options):
    out = []
    rows = [(flag or "no restriction", {"flag": flag}) for flag in FLAGS]
    rows += [(word, {"sandbox": word}) for word in SANDBOXES]
    rows += [(name, {"manifest": text}) for name, text in MANIFESTS.items()]
    for effect in EFFECTS:
        missing = {"a module": effect.module, "an op": effect.op}
        actors = [actor for actor in ACTORS if missing.get(actor, True)]
        out += [f"| {effect.name} | " + " | ".join(actors) + " |", "|---|" + "---|" * len(actors)]
        same = {}  # what happened, and under which restrictions
        for name, restriction in rows:
            cells = tuple(attempt(options, effect, actor, **restriction) for actor in actors)
            same.setdefault(cells, []).append(f"`{name}`")
        out += [f"| {', '.join(names)} | " + " | ".join(cells) + " |" for cells, names in same.items()]
        out.append("")
    return "\n".join(out).rstrip("\n")


def between(page):
    found = re.search(re.escape(BEGIN) + r"\n\n(.*?)\n\n" + re.escape(END), page, re.S)
    if not found:
        raise SystemExit("the page has no marks for the tables")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--perch", default="build/release/perch")
    parser.add_argument("--guests", required=True, help="directory of compiled guests")
    parser.add_argument("--check", metavar="PAGE")
    parser.add_argument("--write", metavar="PAGE")
    options = parser.parse_args()
    options.perch = os.path.abspath(options.perch)
    if not os.path.exists(os.path.join(options.guests, "c", "fs.wasm")):
        print("skipped: the guests are not built")
        return 77
    doctor = subprocess.run([options.perch, "doctor", "--json"], capture_output=True, text=True, check=False)
    if any(row["enforced"] is False for row in json.loads(doctor.stdout)["restrictions"]):
        print("skipped: this kernel cannot hold programs to everything")
        return 77
    outside = subprocess.Popen(["sleep", "1000"], env={**os.environ, "TOKEN": "hidden"})
    options.outside = outside.pid
    try:
        with tempfile.TemporaryDirectory(prefix="perch-table-cache-") as options.cache:
            text = tables(options)
    finally:
        outside.kill()
        outside.wait()
    if not options.check and not options.write:
        print(text)
        return 0
    path = options.check or options.write
    with open(path, encoding="utf-8") as f:
        page = f.read()
    found = between(page)
    if options.write:
        with open(path, "w", encoding="utf-8") as f:
            f.write(page[: found.start(1)] + text + page[found.end(1):])
    elif found.group(1) != text:
        print(f"{path} says something else than what happens; run this with --write {path}\n\n{text}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
