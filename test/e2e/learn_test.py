#!/usr/bin/env python3
"""What `perch learn` prints is what a run needs, and no line more.

For each command of the examples' sessions, and for programs of this test: the file's own `requires` blocks are taken out, the
command is learned, what was printed is put in their place, and the same command must print the same; then, for each line of it,
the command without that line must fail. The same is done with the declarations of a module's block: without one of them the run
fails or prints something else. Every run starts from the same files.
"""

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BLOCK = re.compile(r"^requires\n(?:.*\n)*?end\n", re.M)

OWN = '''
command main
    do
        a = read_file "./in/a"
        b = read_file "in/b"
        mkdir "./out/deep"
        write_file "./out/deep/c" "${a}${b}"
        c = read_file "./out/deep/c"
        exec ./tools/t "${c}"
        exec true
        shell "ls in > /dev/null"
        shell "echo a builtin"
        print "${TOKEN}"
        d = get_env "UNSET"
        with_cwd "./in"
            e = read_file "./a"
        end
        t = mktemp_file
        write_file "${t}" "x"
        p = find_free_port
        pipe
            exec echo z
            exec sort
        end
    end
end
command reaches
    do
        ok = port_check "localhost" 9
        print "asked"
    end
end
command guest
    do
        wasm_run "./fs.wasm"
            wasm_arg "read"
            wasm_arg "/ro/in/a"
            wasm_arg "write"
            wasm_arg "/rw/out/w"
            wasm_arg "written"
            wasm_mount_read "./in"
            wasm_mount_write "./out"
            wasm_mount_read "./tools" at:"/unused"
            wasm_mount_write "./more" at:"/unused2"
        end
    end
end
command reads_only
    do
        wasm_run "./fs.wasm"
            wasm_arg "stat"
            wasm_arg "/here/a"
            wasm_mount_write "./in" at:"/here"
        end
    end
end
command variables
    do
        wasm_run "./show.wasm"
            wasm_env "TOKEN"
        end
    end
end
'''


class Failed(Exception):
    pass


class Setting:
    def __init__(self, options, start, file, variables):
        self.options, self.start, self.file = options, start, file
        self.env = {"PATH": options.path, "HOME": options.home, "LANG": "C.UTF-8", "XDG_CACHE_HOME": options.cache, **variables}
        self.env |= {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}

    def run(self, words, text=None, keep=None):
        """Runs perch on a fresh copy of the files, with another text of the program."""
        with tempfile.TemporaryDirectory(prefix="perch-learn-") as parent:
            directory = os.path.join(parent, "work")
            shutil.copytree(self.start, directory, symlinks=True)
            if text is not None:
                with open(os.path.join(directory, self.file), "w", encoding="utf-8") as f:
                    f.write(text)
            done = subprocess.run([self.options.perch, "-f", self.file, *words], cwd=directory, env=self.env,
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=240, check=False)
            if keep:
                shutil.copytree(directory, keep, symlinks=True)
            return done


def with_manifest(text, manifest):
    return manifest + BLOCK.sub("", text)


def check_manifest(setting, text, words, printed):
    lines = printed.split("\n")
    end = lines.index("end")
    manifest = lines[: end + 1]
    expected = setting.run(words, with_manifest(text, ""))
    done = setting.run(words, with_manifest(text, "\n".join(manifest) + "\n"))
    if (done.returncode, done.stdout) != (expected.returncode, expected.stdout):
        raise Failed(f"with what was learned it differs\n{printed}\n{done.stdout}{done.stderr}")
    for at in range(1, end):
        less = manifest[:at] + manifest[at + 1:]
        if setting.run(words, with_manifest(text, "\n".join(less) + "\n")).returncode == 0:
            raise Failed(f"it passes without the line {manifest[at].strip()}\n{printed}")
    return end - 1


def check_guests(setting, text, words, printed):
    expected, count, plain = setting.run(words, with_manifest(text, "")), 0, with_manifest(text, "")
    for place, block in re.findall(r"^# [^\n:]*:(\d+): wasm_run [^\n]*\n((?:#     wasm_[^\n]*\n?)*)", printed, re.M):
        lines = plain.split("\n")
        last = next(i for i in range(int(place), len(lines)) if lines[i].strip() == "end")
        kept = [line for line in lines[int(place):last] if not re.match(r" *wasm_(env|mount|allow_host)", line)]
        learned = [line[1:].strip() for line in block.split("\n") if line]
        for out in [None, *range(len(learned))]:
            some = [line for i, line in enumerate(learned) if i != out]
            done = setting.run(words, "\n".join([*lines[: int(place)], *kept, *some, *lines[last:]]))
            same = (done.returncode, done.stdout) == (expected.returncode, expected.stdout)
            if same != (out is None):
                raise Failed(f"{'differs with' if out is None else 'is the same without ' + learned[out]}\n{printed}{done.stderr}")
        count += len(learned)
    return count


def check_command(setting, words):
    with open(os.path.join(setting.start, setting.file), encoding="utf-8") as f:
        text = f.read()
    learned = setting.run(["learn", *words], with_manifest(text, ""))
    if learned.returncode != 0:
        raise Failed(f"learning failed\n{learned.stdout}{learned.stderr}")
    lines = check_manifest(setting, text, words, learned.stdout)
    guests = check_guests(setting, text, words, learned.stdout)
    print(f"ok: {setting.file} {' '.join(words)}: {lines} lines, {guests} declarations")


def own(options, scratch):
    start = os.path.join(scratch, "own")
    os.makedirs(os.path.join(start, "in"))
    os.makedirs(os.path.join(start, "out"))
    os.makedirs(os.path.join(start, "tools"))
    os.makedirs(os.path.join(start, "more"))
    for name, data in (("in/a", "1\n"), ("in/b", "2\n"), ("tools/t", '#!/bin/sh\necho tool "$@"\n'), ("a.perch", OWN)):
        with open(os.path.join(start, name), "w", encoding="utf-8") as f:
            f.write(data)
    os.chmod(os.path.join(start, "tools/t"), 0o755)
    for name in ("fs.wasm", "show.wasm"):
        shutil.copy(os.path.join(options.guests, "c", name), start)
    setting = Setting(options, start, "a.perch", {"TOKEN": "abcd"})
    for command in ("main", "reaches", "guest", "reads_only", "variables"):
        yield setting, [command]


def example(options, scratch, name):
    """The commands of a session that end well, each from the files that those before it left."""
    start = os.path.join(scratch, name)
    shutil.copytree(os.path.join(ROOT, "examples", name), start, symlinks=True)
    with open(os.path.join(start, "expected", "session.txt"), encoding="utf-8") as f:
        session = f.read()
    variables = dict(pair.split("=", 1) for pair in " ".join(re.findall(r"^# env: (.*)$", session, re.M)).split())
    for at, part in enumerate(re.split(r"^\$ ", session, flags=re.M)[1:]):
        words = shlex.split(part.split("\n", 1)[0])
        if words[:2] != ["perch", "-f"]:
            continue
        setting = Setting(options, start, words[2], variables)
        after = os.path.join(scratch, f"{name}-{at}")
        if setting.run(words[3:], keep=after).returncode == 0 and "build" not in words:
            yield setting, words[3:]
        start = after


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--perch", default="build/release/perch")
    parser.add_argument("--guests", required=True, help="directory of compiled guests")
    parser.add_argument("--only", help="`own` or the name of an example")
    options = parser.parse_args()
    options.perch = os.path.abspath(options.perch)
    if not os.path.exists(os.path.join(options.guests, "c", "fs.wasm")):
        print("skipped: the guests are not built")
        return 77
    tools = subprocess.run([os.path.join(ROOT, "tools/toolchains"), "--path"], capture_output=True, text=True, check=False)
    options.path = ":".join(filter(None, [tools.stdout.strip(), os.environ["PATH"]]))
    failed = 0
    with tempfile.TemporaryDirectory(prefix="perch-learn-") as scratch:
        options.home, options.cache = os.path.join(scratch, "home"), os.path.join(scratch, "cache")
        os.mkdir(options.home)
        names = [n for n in sorted(os.listdir(os.path.join(ROOT, "examples")))
                 if os.path.exists(os.path.join(ROOT, "examples", n, "expected", "session.txt"))]
        sources = {"own": own(options, scratch), **{name: example(options, scratch, name) for name in names}}
        for name, runs in sources.items():
            for setting, words in runs if options.only in (None, name) else ():
                try:
                    check_command(setting, words)
                except Failed as why:
                    failed += 1
                    print(f"FAILED: {setting.file} {' '.join(words)}: {why}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
