#!/usr/bin/env python3
"""Checks every #include in src/ against src/LAYERS, which explains itself.

    tools/check_layers.py [ROOT]        exit 1 and one line per forbidden include
    tools/check_layers.py --self-test   breaks each kind of rule in a copy and expects to be told
"""
import fnmatch
import os
import re
import shutil
import sys
import tempfile

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')


class Layers:
    def __init__(self, path):
        self.allowed = {}  # folder -> folders and single headers it may include
        self.only = {}  # header -> the only folders that may include it
        self.apart = []  # pairs of folders that may not see each other
        self.headers = []  # (patterns, folders), first match decides
        with open(path) as lines:
            for number, line in enumerate(lines, 1):
                line = line.split("#")[0].strip()
                if line:
                    self._add(line, f"{path}:{number}")

    def _add(self, line, where):
        name, colon, rest = line.partition(":")
        words, values = name.split(), rest.split()
        if len(words) == 1 and colon:
            above = [v for v in values if v.split("/")[0] not in self.allowed]
            if above:
                sys.exit(f"{where}: {words[0]} may not include {above[0]}: not an earlier row")
            self.allowed[words[0]] = values
        elif words[0] == "only" and colon:
            self.only[words[1]] = values
        elif words[0] == "header" and colon:
            self.headers.append((words[1:], values))
        elif words[0] == "apart" and not colon:
            self.apart.append(tuple(words[1:]))
        else:
            sys.exit(f"{where}: not a rule: {line}")

    def quoted_error(self, file, header):
        """Why `file` may not include the perch header `header`; None when it may."""
        folder = layer_of(file)
        if "/" not in header:
            return 'perch headers are written "folder/file.h"'
        target = header.split("/")[0]
        if target not in self.allowed:
            return f"{target}/ is no folder of src/LAYERS"
        if header in self.only and folder not in self.only[header]:
            return f"{header} is for {' '.join(self.only[header])} only"
        for one, other in self.apart + [(b, a) for a, b in self.apart]:
            if file.startswith(one + "/") and header.startswith(other + "/"):
                return f"{one}/ and {other}/ may not see each other"
        row = self.allowed[folder]
        if target == folder or target in row or header in row:
            return None
        return f"{folder}/ may include {' '.join(row) or 'no other folder'}"

    def angled_error(self, file, header):
        """Why `file` may not include <header>; None when it may."""
        for patterns, folders in self.headers:
            if any(fnmatch.fnmatchcase(header, p) for p in patterns):
                if any(f == "*" or file.startswith(f + "/") for f in folders):
                    return None
                return f"<{header}> is for {' '.join(folders)} only"
        return None


def layer_of(file):
    return file.split("/")[0] if "/" in file else os.path.splitext(file)[0]


def check(root):
    src = os.path.join(root, "src")
    layers = Layers(os.path.join(src, "LAYERS"))
    errors, count = [], 0
    for directory, folders, names in os.walk(src):
        folders.sort()
        for name in sorted(names):
            if not name.endswith((".cc", ".h")):
                continue
            count += 1
            path = os.path.join(directory, name)
            file = os.path.relpath(path, src)
            if layer_of(file) not in layers.allowed:
                errors.append(f"src/{file}: its folder is not in src/LAYERS")
                continue
            with open(path) as lines:
                for number, line in enumerate(lines, 1):
                    match = INCLUDE.match(line)
                    if not match:
                        continue
                    quoted, angled = match.groups()
                    error = (layers.quoted_error(file, quoted) if quoted
                             else layers.angled_error(file, angled))
                    if error:
                        errors.append(f"src/{file}:{number}: {line.strip()}: {error}")
    return errors, count


BROKEN = [
    ("lang/broken.cc", '#include "run/run.h"', "lang/ may include base diag"),
    ("base/broken.h", '#include "diag/diag.h"', "base/ may include no other folder"),
    ("cli/broken.cc", '#include "ops/files.h"', "cli/ may include"),
    ("run/broken.cc", '#include "lane/wasm/wasm_lane.h"', "run/ may include"),
    ("run/broken.cc", '#include "sys/real.h"', "sys/real.h is for sys cli only"),
    ("lane/wasm/broken.cc", '#include "lane/process/spawn.h"', "may not see each other"),
    ("lane/process/broken.cc", '#include "lane/wasm/code.h"', "may not see each other"),
    ("op/broken.cc", "#  include <filesystem>", "<filesystem> is for sys"),
    ("policy/broken.cc", "#include <unistd.h>", "<unistd.h> is for"),
    ("run/broken.cc", "#include <sys/wait.h>", "<sys/wait.h> is for"),
    ("lane/process/broken.cc", "#include <wasmtime.h>", "<wasmtime.h> is for lane/wasm only"),
    ("ops/broken.cc", "#include <curl/curl.h>", "<curl/curl.h> is for sys only"),
    ("ops/broken.cc", '#include "sibling.h"', 'written "folder/file.h"'),
    ("utils/broken.cc", "", "its folder is not in src/LAYERS"),
]
FINE = [
    ("lang/fine.cc", '#include "base/result.h"\n#include <vector>'),
    ("cli/fine.cc", '#include "ops/tables.h"\n#include "sys/real.h"\n#include <CLI/CLI.hpp>'),
    ("run/fine.cc", '#include "lane/lane.h"\n#include <thread>'),
    ("lane/wasm/fine.cc", '#include "lane/lane.h"\n#include <wasmtime.h>\n#include <unistd.h>'),
    ("main.cc", '#include "cli/main.h"'),
]


def self_test(root):
    failures = []
    for file, text, expected in BROKEN + [(f, t, None) for f, t in FINE]:
        with tempfile.TemporaryDirectory() as copy:
            path = os.path.join(copy, "src", file)
            os.makedirs(os.path.dirname(path))
            shutil.copy(os.path.join(root, "src/LAYERS"), os.path.join(copy, "src/LAYERS"))
            with open(path, "w") as out:
                out.write(text + "\n")
            errors, _ = check(copy)
            told = len(errors) == 1 and expected in errors[0] if expected else not errors
            if not told:
                failures.append(f"{file}: {text!r}: expected {expected!r}, got {errors}")
    print("\n".join(failures) or f"{len(BROKEN)} broken includes refused, {len(FINE)} files fine")
    return bool(failures)


def main():
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    if sys.argv[1:] == ["--self-test"]:
        return self_test(root)
    errors, count = check(sys.argv[1] if len(sys.argv) > 1 else root)
    print("\n".join(errors) or f"{count} files follow src/LAYERS")
    return bool(errors)


if __name__ == "__main__":
    sys.exit(main())
