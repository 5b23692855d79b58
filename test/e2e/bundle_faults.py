#!/usr/bin/env python3
"""Built executables that were damaged, moved to hostile places, or interrupted while they were made.

    test/e2e/bundle_faults.py --perch PERCH [--guests DIR] [--only NAME] [--write]

Every test has a directory of its own. What a machine cannot do (mount, another user) is skipped visibly.
`--write` puts what each kind of damage says into docs/bundle.md, which a test compares.
"""

import argparse
import hashlib
import json
import os
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import zlib

PROGRAM = """name "app"
version "1.0"
bundle
    include "./data"
%s
end
command main
    do
        println "whole"
    end
end
command module
    do
%s
    end
end
command file
    do
        bundle_extract "data/text.txt" "out.txt"
        text = read_file "out.txt"
        println "${text}"
    end
end
command rescued
    do
        println "before"
        try
            retry 3
                bundle_extract "data" "out" || println "or else"
            end
        rescue
            println "rescued"
        finally
            println "cleaned up"
            fail "of no interest"
        end
        println "after"
    end
end
command beside
    do
        parallel
            exec sleep 1000
            bundle_extract "data/text.txt" "out.txt"
        end
        println "after"
    end
end
command wait
    do
        println "waiting"
        sleep 3
        println "waited"
    end
end
"""


PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "bundle.md")
TABLE = re.compile(r"<!-- what damage says -->\n\n(.*?)\n\n<!-- end -->", re.S)


class Skip(Exception):
    pass


class Failed(Exception):
    pass


def expect(condition, what):
    if not condition:
        raise Failed(what)


def unsanitized(why):
    if "ASAN_OPTIONS" in os.environ or "TSAN_OPTIONS" in os.environ:
        raise Skip(f"a sanitizer is at work: {why}")


class Box:
    """A directory with a program, and perch."""

    def __init__(self, options, directory):
        self.perch, self.directory = options.perch, directory
        self.guest = os.path.join(options.guests, "c/show.wasm") if options.guests else ""
        if not os.path.exists(self.guest):
            self.guest = ""
        self.env = {"PATH": os.environ["PATH"], "HOME": directory + "/home", "LANG": "C.UTF-8"}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
            if name in os.environ:
                self.env[name] = os.environ[name]
        os.makedirs(directory + "/home")
        os.makedirs(directory + "/data")
        self.write("data/first.txt", "first\n")
        self.write("data/text.txt", "some text\n" * 200)
        include, run = "", '        println "no module"'
        if self.guest:
            shutil.copy(self.guest, directory + "/m.wasm")
            include, run = '    include "./m.wasm" as m', "        wasm_run m\n        end"
        self.write("app.perch", PROGRAM % (include, run))

    def path(self, name):
        return os.path.join(self.directory, name)

    def write(self, name, data):
        with open(self.path(name), "wb") as f:
            f.write(data.encode() if isinstance(data, str) else data)

    def read(self, name):
        with open(self.path(name), "rb") as f:
            return f.read()

    def run(self, *words, **more):
        more.setdefault("cwd", self.directory)
        more.setdefault("env", self.env)
        done = subprocess.run(words, capture_output=True, timeout=300, stdin=subprocess.DEVNULL, **more)
        return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")

    def build(self, name="app", *more):
        code, _, err = self.run(self.perch, "--build", "-q", "-f", "app.perch", "-o", name, *more)
        expect(code == 0, f"the build failed: {err}")
        return self.path(name)

    def save(self, name, data):
        self.write(name, data)
        os.chmod(self.path(name), 0o755)
        return self.path(name)


# ---- the layout, found without perch --------------------------------------------------------------------------------

class Layout:
    def __init__(self, data, perch):
        self.data = data
        self.archive = os.path.getsize(perch)
        end = data.rfind(b"PK\x05\x06")
        self.directory = struct.unpack_from("<I", data, end + 16)[0]
        at = data.rfind(b'{\n "format"', 0, self.directory)
        self.manifest_begin = at
        self.manifest = json.loads(data[at:self.directory])
        digest = hashlib.sha256(data[at:self.directory]).digest()
        self.marker = data.find(digest, 0, self.archive) - 40  # the numbers stand before the digests
        self.entries = {entry["name"]: entry for entry in self.manifest["entries"]}

    def with_manifest(self, change):
        """The same executable with another manifest and everything that vouches for it made right."""
        manifest = json.loads(json.dumps(self.manifest))
        change(manifest)
        text = json.dumps(manifest, indent=1, ensure_ascii=False).encode() + b"\n"
        header = self.data.rfind(b"PK\x03\x04", 0, self.manifest_begin)
        tail = self.data[header:self.manifest_begin] + text + self.data[self.directory:]
        numbers = struct.pack("<5Q", self.archive, header + len(tail), header, self.manifest_begin, len(text))
        checked = numbers + hashlib.sha256(text).digest() + hashlib.sha256(tail).digest()
        content = checked + hashlib.sha256(checked).digest()[:8]
        front = self.data[:self.marker] + content + self.data[self.marker + len(content):header]
        return front + tail

    def with_program(self, text):
        """The same with another program, packed, as the last of the entries."""
        old = self.entries["perch/program.perch"]
        header, packer = self.data[old["header"]:old["content"]], zlib.compressobj(1, zlib.DEFLATED, -15)
        packed = packer.compress(text) + packer.flush()
        manifest = json.loads(json.dumps(self.manifest))
        place = self.data.rfind(b"PK\x03\x04", 0, self.manifest_begin)
        for entry in manifest["entries"]:
            if entry["name"] == "perch/program.perch":
                entry.update(size=len(text), sha256=hashlib.sha256(text).hexdigest(), packed=len(packed), stored=False,
                             header=place, content=place + len(header), frame=f"{zlib.crc32(header + packed):08x}")
        moved = Layout.__new__(Layout)
        moved.__dict__.update(self.__dict__)
        grown = len(header) + len(packed)
        moved.data = self.data[:place] + header + packed + self.data[place:]
        moved.manifest_begin, moved.directory = self.manifest_begin + grown, self.directory + grown
        return moved.with_manifest(lambda made: made.update(manifest))


def flipped(data, at):
    return data[:at] + bytes([data[at] ^ 0x20]) + data[at + 1:]


def said(err):
    """The first line of a diagnostic without its frame."""
    return re.sub(r"^error\[([a-z_-]+)\]: ", "", err.split("\n")[0])


def damages(box, layout):
    """(what was damaged, the bytes, the command that meets it)"""
    data = layout.data
    yield "what it knows about its archive", flipped(data, layout.marker + 3), ()
    yield "the program", flipped(data, layout.entries["perch/program.perch"]["content"] + 5), ()
    yield "the program's ZIP header", flipped(data, layout.entries["perch/program.perch"]["header"] + 12), ()
    yield "an included file", flipped(data, layout.entries["files/data/text.txt"]["content"] + 5), ("file",)
    yield "an included file's ZIP header", flipped(data, layout.entries["files/data/text.txt"]["header"] + 31), ("file",)
    for name, entry in layout.entries.items():
        if name.startswith("native/"):
            yield "native code", flipped(data, entry["content"] + entry["packed"] // 2), ("module",)
            yield "the padding before native code", flipped(data, entry["content"] - 1), ("module",)
    yield "the manifest", flipped(data, layout.manifest_begin + 50), ()
    yield "the ZIP directory", flipped(data, layout.directory + 20), ()
    yield "the end of the ZIP directory", flipped(data, len(data) - 5), ()
    yield "cut off by one byte", data[:-1], ()
    yield "cut off in the archive", data[:layout.archive + 100], ()
    yield "cut off where the archive begins", data[:layout.archive], ()


def test_damage_is_told_and_nothing_runs(box, table=None):
    layout = Layout(box.read(box.build()), box.perch)
    for what, data, command in damages(box, layout):
        app = box.save("broken", data)
        code, out, err = box.run(app, *command)
        expect(code == 4, f"{what}: exit {code}, not 4: {err}")
        expect(out == "", f"{what}: something ran: {out}")
        expect(err.startswith("error[bundle_error]: "), f"{what}: {err}")
        code, _, inspected = box.run(box.perch, "inspect", app)
        expect(code == 4, f"{what}: inspect says {code}")
        expect("error[bundle_error]: " in inspected, f"{what}: inspect says {inspected}")
        if table is not None:
            table.append((what, said(err)))


def test_damage_ends_the_whole_run(box):
    layout = Layout(box.read(box.build()), box.perch)
    app = box.save("broken", flipped(layout.data, layout.entries["files/data/text.txt"]["content"] + 5))
    code, out, err = box.run(app, "rescued")
    expect((code, out) == (4, "before\ncleaned up\n"), f"{code} {out} {err}")
    expect(err.startswith("error[bundle_error]: the entry `files/data/text.txt`"), err)
    expect(not os.path.exists(box.path("out")), "a part of the directory was extracted")
    code, out, err = box.run(app, "beside")
    expect((code, out) == (4, ""), f"{code} {out} {err}")
    expect(err.startswith("error[bundle_error]: the entry `files/data/text.txt`"), err)


def damage_table(box):
    """A row for everything that is said, in the order it is first said."""
    said_of = []
    test_damage_is_told_and_nothing_runs(box, said_of)
    rows = {}
    for what, words in said_of:
        words = re.sub(r"native/[0-9a-f]{64}", "native/…", re.sub(r"\d+ of \d+ bytes", "N of M bytes", words))
        rows.setdefault(words, []).append(what)
    lines = [f"| {', '.join(whats)} | {words} |" for words, whats in rows.items()]
    return "\n".join(["| damaged | what it says |", "|---|---|", *lines])


def test_the_page_tells_what_damage_says(box):
    if not box.guest:
        raise Skip("the guests are not built")
    with open(PAGE, encoding="utf-8") as f:
        page = TABLE.search(f.read())
    table = damage_table(box)
    expect(page and page.group(1) == table, f"docs/bundle.md says something else; run this with --write\n{table}")


def test_a_flipped_bit_is_met_by_inspect_or_by_the_kernel(box):
    data = box.read(box.build())
    layout = Layout(data, box.perch)
    luck = random.Random(4)
    for at in [luck.randrange(layout.archive) for _ in range(8)] + [luck.randrange(layout.archive, len(data)) for _ in range(20)]:
        app = box.save("broken", flipped(data, at))
        code, _, err = box.run(box.perch, "inspect", app)
        expect(code == 4, f"byte {at}: inspect says {code}: {err}")


def test_a_manifest_that_lies_is_not_believed(box):
    layout = Layout(box.read(box.build()), box.perch)
    text = next(i for i, e in enumerate(layout.manifest["entries"]) if e["name"] == "files/data/text.txt")

    def rename(to):
        def change(manifest):
            manifest["entries"][text]["name"] = to
            manifest["entries"].sort(key=lambda e: e["name"].encode())
        return change

    def place(key, value):
        def change(manifest):
            manifest["entries"][text][key] = value
        return change

    changes = {"the same": None, "above": rename("files/../../etc/x"), "absolute": rename("/etc/x"), "empty": rename(""),
               "a NUL": rename("files/a\0b"), "outside": place("content", 1 << 60), "larger": place("packed", 1 << 40),
               "negative": place("header", -1), "no digest": place("sha256", "zz"), "a format of tomorrow": lambda m: m.update(format=2),
               "twice": lambda m: m["entries"].append(m["entries"][-1]), "no list": lambda m: m.update(entries={})}
    for what, change in changes.items():
        app = box.save("lies", layout.with_manifest(change or (lambda m: None)))
        code, out, err = box.run(app)
        if change is None:
            expect((code, out) == (0, "whole\n"), f"{what}: {code} {err}")  # the test itself works
        else:
            expect(code == 4 and out == "" and err.startswith("error[bundle_error]"), f"{what}: {code} {out} {err}")


def test_a_program_that_unpacks_to_more_than_a_program_can_be(box):
    layout = Layout(box.read(box.build()), box.perch)
    program = box.read("app.perch")
    code, out, err = box.run(box.save("again", layout.with_program(program)))
    expect((code, out) == (0, "whole\n"), f"{code} {err}")  # the test itself works
    app = box.save("large", layout.with_program(program + b"#\n" * (129 << 20)))
    code, out, err = box.run(app)
    expect(code == 4 and out == "" and "is too large for a program" in err, f"{code} {out} {err}")


def test_what_is_appended_is_not_read(box):
    app = box.save("signed", box.read(box.build()) + b"-----BEGIN SIGNATURE-----\n" * 10)
    expect(box.run(app)[:2] == (0, "whole\n"), "it does not run")
    expect("260 bytes that nobody reads" in box.run(box.perch, "inspect", app)[1], "inspect does not tell")


def tool(name):
    if shutil.which(name) is None:
        raise Skip(f"{name} is not installed")
    return name


def expect_lost(box, app, how):
    code, out, err = box.run(app)
    expect(code == 4 and out == "", f"{how}: {code} {out} {err}")
    expect("was built with an archive" in err or "is cut off" in err or "damaged" in err, f"{how}: {err}")


def test_stripped(box):
    app = box.build()
    expect(box.run(tool("strip"), app)[0] == 0, "strip failed")
    expect_lost(box, app, "stripped")


def test_rewritten_to_be_signed(box):
    app = box.build()
    box.write("signature", "s" * 100)
    done = box.run(tool("objcopy"), "--add-section", ".signature=signature", app, "signed")
    expect(done[0] == 0, done[2])
    expect_lost(box, box.path("signed"), "signed by objcopy")


def test_packed(box):
    app = box.build()
    code, _, err = box.run(tool("upx"), "-1", app)
    if code == 0:
        expect_lost(box, app, "packed")
    else:
        expect(box.run(app)[0] == 0, f"upx refused and broke it: {err}")


def test_without_the_execute_bit(box):
    app = box.build()
    os.chmod(app, 0o644)
    code, _, err = box.run("sh", "-c", "./app")
    expect(code == 126, f"{code} {err}")
    expect(box.run(box.perch, "inspect", app)[0] == 0, "it cannot be inspected")


def test_through_a_link(box):
    box.build()
    os.makedirs(box.path("bin"))
    os.symlink("../app", box.path("bin/other"))
    expect(box.run(box.path("bin/other"))[:2] == (0, "whole\n"), "it does not run")


def test_moved_away_while_it_runs(box):
    app = box.build()
    running = subprocess.Popen([app, "wait"], cwd=box.directory, env=box.env, stdout=subprocess.PIPE)
    expect(running.stdout.readline() == b"waiting\n", "it does not start")
    os.rename(app, box.path("elsewhere"))
    expect(running.communicate()[0] == b"waited\n" and running.returncode == 0, "it did not go on")


def test_a_running_one_is_overwritten(box):
    app = box.build()
    running = subprocess.Popen([app, "wait"], cwd=box.directory, env=box.env, stdout=subprocess.PIPE)
    expect(running.stdout.readline() == b"waiting\n", "it does not start")
    box.write("data/text.txt", "another text")
    box.build()
    expect(running.communicate()[0] == b"waited\n" and running.returncode == 0, "the old one did not go on")
    expect(box.run(app, "file")[:2] == (0, "another text\n"), "the new one does not run")


def left(box):
    return sorted(set(os.listdir(box.directory)) - {"home", "data", "m.wasm", "app.perch"})


def test_killed_at_any_moment(box):
    start = time.monotonic()
    app = box.build()
    whole = time.monotonic() - start
    before = box.read("app")
    box.write("data/text.txt", "another text")
    for step in range(20):
        child = subprocess.Popen([box.perch, "--build", "-q", "-f", "app.perch", "-o", "app"], cwd=box.directory, env=box.env)
        time.sleep(whole * step / 20)
        child.send_signal(signal.SIGKILL)
        child.wait()
        expect(left(box) == ["app"], f"killed after {step}/20: there is {left(box)}")
        expect(box.run(app)[:2] == (0, "whole\n"), f"killed after {step}/20: it does not run")
        if box.read("app") != before:
            expect(box.run(box.perch, "inspect", app)[0] == 0, "a new one is not whole")


def test_stopped_by_a_signal(box):
    child = subprocess.Popen([box.perch, "--build", "-q", "-f", "app.perch", "-o", "app"], cwd=box.directory, env=box.env)
    time.sleep(0.02)
    child.terminate()
    child.wait()
    expect(left(box) in ([], ["app"]), f"there is {left(box)}")


def in_namespace(box, script, *flags):
    """Runs a shell script where it may mount; skips where nobody may."""
    flags = ["-m", *flags] if os.geteuid() == 0 else ["-Urm", *flags]
    probe = box.run(tool("unshare"), *flags, "true")
    if probe[0] != 0:
        raise Skip("no new mount namespace here: " + probe[2].strip())
    return box.run("unshare", *flags, "sh", "-c", script)


def test_a_full_disk(box):
    box.build()
    size = os.path.getsize(box.path("app")) // 2
    script = f"""mkdir small && mount -t tmpfs -o size={size} none small || exit 99
        "{box.perch}" --build -q -f app.perch -o small/app; code=$?; ls -A small; exit $code"""
    code, out, err = in_namespace(box, script)
    if code == 99:
        raise Skip("tmpfs cannot be mounted")
    expect(code == 1 and out == "", f"{code} {out}")
    expect("no space left on device" in err, err)


def test_read_only_everywhere_and_no_network(box):
    box.build()
    script = f"""mount --bind / / && mount -o remount,bind,ro / || exit 99
        cd "{box.directory}"; touch probe 2>/dev/null && exit 98
        ./app; ./app module >/dev/null || exit 97"""
    code, out, err = in_namespace(box, script, "-n")
    if code in (98, 99):
        raise Skip("the root cannot be made read-only: " + err.strip())
    expect((code, out) == (0, "whole\n"), f"{code} {out} {err}")


def test_in_a_root_with_nothing_but_libc(box):
    unsanitized("it reads files that are not there")
    app = box.build()
    code, libraries, _ = box.run(tool("ldd"), app)
    root = box.path("root")
    os.makedirs(root)
    for path in re.findall(r"(/\S+) \(0x", libraries):
        os.makedirs(os.path.dirname(root + path), exist_ok=True)
        shutil.copy(path, root + path)
    shutil.copy(app, root + "/app")
    os.makedirs(root + "/proc")
    script = f"mount -t proc none '{root}/proc' || exit 99; exec chroot '{root}' /app"
    code, out, err = in_namespace(box, script)
    if code == 99:
        raise Skip("proc cannot be mounted")
    expect((code, out) == (0, "whole\n"), f"{code} {out} {err}")
    module = in_namespace(box, script.replace("/app", "/app module", 1) if box.guest else script)
    expect(module[0] == 0, f"{module}")
    for command in ["/app", "/app module" if box.guest else "/app", "/app --list", "bin/../app"]:
        bare = in_namespace(box, f"cd '{root}' && mkdir -p bin && exec chroot . {command}")
        expect(bare[0] == 0, f"{command}, without /proc: {bare}")


def test_as_another_user(box):
    if os.geteuid() != 0:
        raise Skip("only root can become another user")
    app = box.build()
    os.chmod(box.directory, 0o755)
    env = dict(box.env, HOME="/nonexistent", XDG_CACHE_HOME="/nonexistent")
    done = box.run(tool("setpriv"), "--reuid", "65534", "--regid", "65534", "--clear-groups", app, env=env)
    expect(done[:2] == (0, "whole\n"), f"{done}")
    done = box.run("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", app, "module", env=env)
    expect(done[0] == 0, f"{done}")


def test_needs_no_library_but_libc(box):
    unsanitized("it is linked to more")
    code, out, _ = box.run(tool("ldd"), box.build())
    allowed = ("libc.", "libm.", "ld-linux", "linux-vdso", "libgcc_s.", "libstdc++.")
    for line in out.splitlines():
        name = os.path.basename(line.split()[0])
        expect(name.startswith(allowed), f"it needs {line}")


def test_other_tools_read_the_archive(box):
    app = box.build()
    code, out, err = box.run(tool("unzip"), "-t", app)
    expect(code == 0 and "No errors detected" in out, out + err)
    os.makedirs(box.path("un"))
    box.run("unzip", "-q", app, "files/*", "-d", "un")
    expect(box.read("un/files/data/text.txt") == box.read("data/text.txt"), "unzip gives something else")


def test_more_files_than_zip_can_count(box):
    os.makedirs(box.path("data/many"))
    for i in range(65536):
        with open(box.path(f"data/many/{i}"), "w", encoding="utf-8") as f:
            f.write(str(i))
    app = box.build()
    expect(box.run(app)[:2] == (0, "whole\n"), "it does not run")
    expect(box.run(app, "file")[0] == 0, "it cannot be read")
    code, out, _ = box.run(tool("unzip"), "-Z1", app)
    expect(code == 0 and len(out.splitlines()) > 65536, "unzip does not list it")


def test_memory_does_not_grow_with_the_files(box):
    unsanitized("it takes memory of its own")
    box.write("app.perch", PROGRAM % ("", '        println "no module"'))  # a compiler takes what it needs
    with open(box.path("data/large"), "wb") as f:
        for i in range(256):
            f.write(bytes([i]) * (1 << 20))
    # Linux counts the memory of who started a process as its own: here that is a small one.
    small = "import os, subprocess, sys; r = os.wait4(subprocess.Popen(sys.argv[1:]).pid, 0); print(r[1], r[2].ru_maxrss)"
    done = subprocess.run([sys.executable, "-c", small, box.perch, "--build", "-q", "-f", "app.perch", "-o", "app"],
                          cwd=box.directory, env=box.env, capture_output=True, text=True)
    status, peak_kib = map(int, done.stdout.split())
    expect(status == 0, f"the build failed: {done.stderr}")
    peak = peak_kib * 1024 - os.path.getsize(box.perch)  # perch itself is mapped to be copied
    expect(peak < 48 << 20 or "ASAN_OPTIONS" in os.environ, f"it took {peak >> 20} MiB")


def test_an_import_or_a_file_that_cannot_be_read(box):
    os.symlink("x", box.path("data/x"))
    code, _, err = box.run(box.perch, "--build", "-q", "-f", "app.perch", "-o", "app")
    expect(code == 2 and "is a link that leads nowhere" in err or "too many links" in err, err)
    expect(left(box) == [], f"there is {left(box)}")


def test_an_output_that_cannot_be_written(box):
    if os.geteuid() == 0:
        probe = box.run(tool("setpriv"), "--reuid", "65534", "--regid", "65534", "--clear-groups", "true")
        if probe[0] != 0:
            raise Skip("root cannot become another user here")
        user = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    else:
        user = []
    os.makedirs(box.path("closed"))
    os.chmod(box.path("closed"), 0o555)
    os.chmod(box.directory, 0o755)
    code, _, err = box.run(*user, box.perch, "--build", "-q", "-f", "app.perch", "-o", "closed/app")
    expect(code == 1 and "permission denied" in err, f"{code} {err}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--perch", required=True)
    parser.add_argument("--guests", default="")
    parser.add_argument("--only", default="")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    options.perch = os.path.abspath(options.perch)
    options.guests = os.path.abspath(options.guests) if options.guests else ""
    tests = [(name[5:], test) for name, test in globals().items() if name.startswith("test_") and options.only in name]
    failed = skipped = 0
    for name, test in tests:
        directory = os.path.realpath(tempfile.mkdtemp(prefix="perch-bundle-"))
        try:
            box = Box(options, directory)
            if options.write:
                with open(PAGE, encoding="utf-8") as f:
                    page = f.read()
                found = TABLE.search(page)
                with open(PAGE, "w", encoding="utf-8") as f:
                    f.write(page[:found.start(1)] + damage_table(box) + page[found.end(1):])
                return 0
            test(box)
        except Skip as why:
            skipped += 1
            print(f"skipped {name}: {why}")
        except Failed as why:
            failed += 1
            print(f"FAILED {name}: {why}")
        finally:
            shutil.rmtree(directory, ignore_errors=True)
    print(f"{len(tests) - failed - skipped} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or len(tests) == skipped else 0


if __name__ == "__main__":
    sys.exit(main())
