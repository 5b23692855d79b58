"""Measuring whole commands side by side: medians of interleaved runs, and their ratios.

Machines are noisy, so nothing is compared across runs of the benchmark: each table is made of commands that took turns,
and the figure is the ratio of their medians.
"""

import os
import resource
import statistics
import subprocess
import time


class Entry:
    """One command of a table. `unit_count`: how many things one run does, for rates."""

    def __init__(self, name, argv, cwd=None, env=None, stdin=None, ok=(0,), prepare=None):
        self.name, self.argv, self.cwd, self.env, self.stdin, self.ok = name, argv, cwd, env, stdin, ok
        self.prepare = prepare
        self.times, self.peak_kib = [], 0

    def run(self):
        if self.prepare:
            self.prepare()
        with open(self.stdin or os.devnull, "rb") as stdin, open(os.devnull, "wb") as null:
            start = time.perf_counter()
            child = subprocess.Popen(self.argv, cwd=self.cwd, env=self.env, stdin=stdin, stdout=null,
                                     stderr=subprocess.PIPE)
            error = child.stderr.read()
            _, status, usage = os.wait4(child.pid, 0)
            elapsed = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode not in self.ok:
            raise SystemExit(f"bench: {' '.join(self.argv)} ended with {child.returncode}:\n{error.decode(errors='replace')}")
        self.times.append(elapsed)
        self.peak_kib = max(self.peak_kib, usage.ru_maxrss)

    @property
    def median(self):
        return statistics.median(self.times)


def duration(seconds):
    if seconds < 1e-3:
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 1:
        return f"{seconds * 1e3:.2f} ms"
    return f"{seconds:.2f} s"


def measure(title, entries, runs, note=""):
    """Runs the entries in turns and prints medians and ratios to the first. Returns name → median."""
    for entry in entries:  # once unmeasured: page cache, code cache
        entry.run()
        entry.times.clear()
    for _ in range(runs):
        for entry in entries:
            entry.run()
    print(f"\n{title}  ({runs} runs each, in turns{'; ' + note if note else ''})")
    base = entries[0].median
    width = max(len(e.name) for e in entries)
    for entry in entries:
        spread = (max(entry.times) - min(entry.times)) / entry.median * 100
        print(f"  {entry.name:<{width}}  {duration(entry.median):>10}  {entry.median / base:>6.2f} ×  "
              f"peak {entry.peak_kib / 1024:5.1f} MiB  ±{spread:.0f} %")
    return {entry.name: entry.median for entry in entries}


def ratio(title, value, limit, better="≤"):
    good = value <= limit if better == "≤" else value >= limit
    print(f"  {'ok  ' if good else 'MISS'} {title}: {value:.2f} (wanted {better} {limit})")
    return good
