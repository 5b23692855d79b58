#!/usr/bin/env python3
"""Compares docs/ops.md with what `perch ops --markdown` prints; `--bless` writes the page."""

import argparse
import difflib
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--perch", default=os.path.join(ROOT, "build/release/perch"))
    parser.add_argument("--page", default=os.path.join(ROOT, "docs/ops.md"))
    parser.add_argument("--bless", action="store_true")
    options = parser.parse_args()
    done = subprocess.run([os.path.abspath(options.perch), "ops", "--markdown"], stdout=subprocess.PIPE, check=True, timeout=60)
    want = done.stdout.decode()
    if options.bless:
        with open(options.page, "w", encoding="utf-8") as f:
            f.write(want)
        return 0
    with open(options.page, encoding="utf-8") as f:
        have = f.read()
    if have == want:
        print(f"{os.path.relpath(options.page, ROOT)}: {want.count(chr(10) + '### ')} ops, as perch knows them")
        return 0
    sys.stdout.writelines(difflib.unified_diff(have.splitlines(True), want.splitlines(True), options.page, "perch ops --markdown"))
    print(f"write it anew with: {os.path.relpath(__file__)} --bless")
    return 1


if __name__ == "__main__":
    sys.exit(main())
