#!/usr/bin/env python3
"""`./dev bench [NAME]`: start, bundle, wasm, lang, policy, trace. Ratios of medians, commands taking turns in one run.

What a comparison needs beside perch (wasmtime, just, dash) is used when it is there and said to be missing when not:
tools/bench_peers builds wasmtime's own program.
"""

import os
import shutil
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "bench"))

import gen_perch  # noqa: E402
from harness import Entry, measure, ratio  # noqa: E402

PERCH = os.environ.get("PERCH", os.path.join(ROOT, "build/release/perch"))
GUESTS = os.environ.get("PERCH_TEST_GUESTS", os.path.join(ROOT, "build/guests"))
CACHE = os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache"))


def find(name):
    beside = os.path.join(CACHE, "perch", "peers", "bin", name)
    return beside if os.path.exists(beside) else shutil.which(name)


def write(directory, name, text):
    path = os.path.join(directory, name)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


def missing(what, how):
    print(f"\n  left out: {what} is not here ({how})")


def bench_start(directory, env):
    hello = write(directory, "hello.perch", 'command hi\n    description "x"\n    do\n        print "hi"\n    end\nend\n')
    entries = [Entry("sh -c :", ["sh", "-c", ":"]), Entry("perch -f hello.perch hi", [PERCH, "-f", hello, "hi"], env=env)]
    if just := find("just"):
        write(directory, "justfile", "hi:\n    @echo hi\n")
        entries.append(Entry("just hi", [just, "hi"], cwd=directory))
    else:
        missing("just", "cargo install just")
    medians = measure("Process start", entries, 200)
    ratio("perch hello / sh -c :", medians["perch -f hello.perch hi"] / medians["sh -c :"], 2.0)
    ratio("perch hello in ms", medians["perch -f hello.perch hi"] * 1e3, 3.0)


def bench_wasm(directory, env):
    module = os.path.join(GUESTS, "go/hello.wasm")
    if not os.path.exists(module):
        return missing("the Go guest", "tools/toolchains, then test/guests/build build/guests")
    shutil.copy(module, os.path.join(directory, "hello.wasm"))
    run = 'command go\n    description "x"\n    do\n        wasm_run "./hello.wasm"\n        end\n    end\nend\n'
    program = write(directory, "go.perch", run)
    perch = Entry("perch, cached code", [PERCH, "-f", program, "go"], cwd=directory, env=env)
    Entry("warm", [PERCH, "-f", program, "warm"], cwd=directory, env=env).run()
    entries, wasmtime = [perch], find("wasmtime")
    if wasmtime:
        compiled = precompiled(wasmtime, directory, "hello")
        entries.append(Entry("wasmtime run --allow-precompiled", [wasmtime, "run", "--allow-precompiled", compiled],
                             cwd=directory))
    else:
        missing("wasmtime", "tools/bench_peers")
    medians = measure("A 2.5 MB Go module, cached code, whole process", entries, 100)
    if wasmtime:
        ratio("perch / wasmtime --allow-precompiled",
              medians["perch, cached code"] / medians["wasmtime run --allow-precompiled"], 1.0)
        # By itself: it works for so long that whoever comes next finds the processor's caches empty.
        caching = Entry("wasmtime run -C cache=y", [wasmtime, "run", "-C", "cache=y", "hello.wasm"], cwd=directory)
        medians = measure("The same, beside a runtime that has a cache", [perch, caching], 30)
        ratio("perch / wasmtime with its cache", medians["perch, cached code"] / medians["wasmtime run -C cache=y"], 0.4)
    ratio("peak memory in MiB", perch.peak_kib / 1024, 40)
    bench_compiling_runtime(directory, perch)
    bench_cold(directory, env, program, wasmtime)
    bench_many(directory, env)
    bench_compute(directory, env, wasmtime)
    bench_files(directory, env, wasmtime)


def bench_compiling_runtime(directory, perch):
    """Against a runtime that compiles at every start."""
    other = find("wazero")
    if not other:
        return missing("wazero", "tools/bench_peers wazero")
    entries = [perch, Entry("wazero run", [other, "run", "hello.wasm"], cwd=directory)]
    perch.times.clear()
    medians = measure("The same against a runtime that compiles at every start", entries, 5)
    return ratio("wazero / perch", medians["wazero run"] / medians["perch, cached code"], 50, "≥")


def bench_cold(directory, env, program, wasmtime):
    cold = dict(env, XDG_CACHE_HOME=os.path.join(directory, "cold"))
    clear = lambda: shutil.rmtree(cold["XDG_CACHE_HOME"], ignore_errors=True)  # noqa: E731
    entries = [Entry("perch, never seen", [PERCH, "-f", program, "go"], cwd=directory, env=cold, prepare=clear)]
    if wasmtime:
        entries.append(Entry("wasmtime compile alone", [wasmtime, "compile", "-o", "x.cwasm", "hello.wasm"], cwd=directory))
    medians = measure("The same module, never seen before", entries, 5)
    if wasmtime:
        ratio("perch / wasmtime compile", medians["perch, never seen"] / medians["wasmtime compile alone"], 0.65)


def bench_many(directory, env):
    module = os.path.join(GUESTS, "c/big.wasm")
    if not os.path.exists(module):
        return missing("the 1 MB C guest", "tools/toolchains, then test/guests/build build/guests")
    shutil.copy(module, os.path.join(directory, "big.wasm"))
    runs = 5000  # so many that start, end and the first runs weigh little
    numbers = "\\n".join(str(i) for i in range(runs))
    half = "\\n".join(str(i) for i in range(runs // 2))
    loop = '        for_each "{}" n\n            wasm_run "./big.wasm"\n            end\n        end\n'
    once = loop.format("1")
    program = write(directory, "many.perch",
                    f'command many\n    description "x"\n    do\n{loop.format(numbers)}    end\nend\n'
                    f'command once\n    description "x"\n    do\n{once}    end\nend\n'
                    f'template half\n    do\n{loop.format(half)}    end\nend\n'
                    f'command both\n    description "x"\n    do\n        parallel\n            half\n            half\n'
                    f'        end\n    end\nend\n')
    Entry("warm", [PERCH, "-f", program, "warm"], cwd=directory, env=env).run()
    entries = [Entry(name, [PERCH, "-f", program, command], cwd=directory, env=env)
               for name, command in (("one run", "once"), ("for_each", "many"), ("two halves in parallel", "both"))]
    medians = measure(f"A 1 MB C module {runs:,} times in one process", entries, 9)
    each = (medians["for_each"] - medians["one run"]) / (runs - 1)
    print(f"  one run of the guest: {each * 1e6:.0f} µs")
    ratio("runs per second", 1 / each, 3000, "≥")
    both = (medians["two halves in parallel"] - medians["one run"]) / (runs - 1)
    ratio("parallel on 2 cores / for_each", each / both, 1.7, "≥")


def precompiled(wasmtime, directory, name):
    compiled = os.path.join(directory, f"{name}.cwasm")
    Entry("compile", [wasmtime, "compile", "-o", compiled, f"{name}.wasm"], cwd=directory).run()
    return compiled


def bench_compute(directory, env, wasmtime):
    module = os.path.join(GUESTS, "c/compute.wasm")
    if not os.path.exists(module):
        return missing("the computing guest", "tools/toolchains, then test/guests/build build/guests")
    if not wasmtime:
        return missing("wasmtime", "tools/bench_peers")
    shutil.copy(module, os.path.join(directory, "compute.wasm"))
    compiled = precompiled(wasmtime, directory, "compute")
    body = ('            wasm_run "./compute.wasm"\n                wasm_arg "${kind}"\n'
            '                wasm_arg "${rounds}"\n            end\n')
    words = "".join(f"    arg {name}\n        type string\n        index {i}\n    end\n"
                    for i, name in enumerate(("kind", "rounds")))
    program = write(directory, "compute.perch",
                    f"command free\n{words}    do\n{body}    end\nend\n"
                    f'command bounded\n{words}    do\n        timeout "1h"\n{body}        end\n    end\nend\n')
    Entry("warm", [PERCH, "-f", program, "warm"], cwd=directory, env=env).run()
    for kind, rounds in COMPUTE_ROUNDS:
        theirs = "wasmtime run --allow-precompiled"
        medians = measure(f"A guest that computes: {kind}", [
            Entry(theirs, [wasmtime, "run", "--allow-precompiled", compiled, kind, rounds], cwd=directory),
            Entry("perch", [PERCH, "-f", program, "free", kind, rounds], cwd=directory, env=env),
            Entry("perch, with a deadline", [PERCH, "-f", program, "bounded", kind, rounds], cwd=directory, env=env)], 7)
        ratio(f"{kind} without a deadline", medians["perch"] / medians[theirs], 1.05)
        ratio(f"{kind} with a deadline", medians["perch, with a deadline"] / medians[theirs], 1.10)


def bench_files(directory, env, wasmtime):
    module = os.path.join(GUESTS, "c/files.wasm")
    if not os.path.exists(module):
        return missing("the guest of many files", "tools/toolchains, then test/guests/build build/guests")
    if not wasmtime:
        return missing("wasmtime", "tools/bench_peers")
    shutil.copy(module, os.path.join(directory, "files.wasm"))
    compiled = precompiled(wasmtime, directory, "files")
    work = os.path.join(directory, "work")
    program = write(directory, "files.perch", 'command files\n    do\n        wasm_run "./files.wasm"\n'
                    '            wasm_arg "/work"\n            wasm_mount_write "./work" at:"/work"\n        end\n    end\nend\n')
    Entry("warm", [PERCH, "-f", program, "warm"], cwd=directory, env=env).run()

    def fresh():
        shutil.rmtree(work, ignore_errors=True)
        os.mkdir(work)

    theirs = "wasmtime run"
    medians = measure("A guest that makes 5,000 files and reads 10,000 pieces", [
        Entry(theirs, [wasmtime, "run", "--allow-precompiled", "--dir", f"{work}::/work", compiled, "/work"],
              cwd=directory, prepare=fresh),
        Entry("perch", [PERCH, "-f", program, "files"], cwd=directory, env=env, prepare=fresh)], 7)
    ratio("perch / wasmtime", medians["perch"] / medians[theirs], 1.1)


def bench_lang(directory, env):
    medium = write(directory, "medium.perch", gen_perch.generate(5000))
    small = write(directory, "small.perch", gen_perch.generate(1))
    medians = measure("Lex, parse and check", [
        Entry("1 command", [PERCH, "--check", "-f", small], env=env),
        Entry("45,000 lines, 5,000 commands: --check", [PERCH, "--check", "-f", medium], env=env),
        Entry("the same: --help", [PERCH, "--help", "-f", medium], env=env)], 20)
    names = list(medians)
    ratio("check in ms", (medians[names[1]] - medians[names[0]]) * 1e3, 40)
    ratio("--help in ms", medians[names[2]] * 1e3, 60)
    bench_loops(directory, env)


def looping(name, lines, statement):
    """A command that runs the statement once for each line of a file."""
    return f'''
command {name}
    description "x"
    do
        all = read_file "{lines}"
        for_each all line
            {statement}
        end
    end
end
'''


def bench_loops(directory, env):
    lines = write(directory, "lines.txt", "".join(f"line {i}\n" for i in range(200000)))
    thousand = write(directory, "two.txt", "".join(f"{i}\n" for i in range(2000)))
    big = os.path.join(directory, "big.bin")
    with open(big, "wb") as f:
        f.write(b"x" * 63 + b"\n")
        f.truncate(0)
        f.write((b"x" * 63 + b"\n") * (10 * 1024 * 1024 // 64))
    program = write(directory, "loops.perch", f'''
command empty
    description "x"
    do
        all = read_file "{lines}"
    end
end
command piped
    description "x"
    do
        pipe
            exec cat "{big}"
            exec cat
            exec cat
        end
    end
end
''' + looping("loop", lines, "up = upper line") + looping("spawn", thousand, "exec true"))
    dash_spawn = f"while read l; do /usr/bin/true; done < {thousand}"
    loops = measure("for_each over 200,000 lines", [Entry("read the file", [PERCH, "-f", program, "empty"], env=env),
                                                    Entry("with one op a line", [PERCH, "-f", program, "loop"], env=env)], 7)
    ratio("the loop in ms", (loops["with one op a line"] - loops["read the file"]) * 1e3, 100)
    spawns = measure("2,000 × true", [Entry("dash", ["dash", "-c", dash_spawn]),
                                      Entry("perch", [PERCH, "-f", program, "spawn"], env=env)], 5)
    ratio("perch / dash", spawns["perch"] / spawns["dash"], 1.2)
    pipes = measure("10 MB through cat | cat | cat", [Entry("dash", ["dash", "-c", f"cat {big} | cat | cat"]),
                                                     Entry("perch", [PERCH, "-f", program, "piped"], env=env)], 15)
    ratio("perch / dash", pipes["perch"] / pipes["dash"], 1.2)


def bench_policy(directory, env):
    lines = write(directory, "many.txt", "".join(f"{i}\n" for i in range(200000)))
    thousand = write(directory, "thousand.txt", "".join(f"{i}\n" for i in range(1000)))
    hosts = "".join(f'    host "h{i}.example.org"\n    env "VARIABLE_{i}" optional\n' for i in range(8))
    body = looping("asks", lines, 'v = env_has "VARIABLE_7"') + looping("pure", lines, 'v = upper "VARIABLE_7"')
    body += looping("spawn", thousand, "exec true")
    free = write(directory, "free.perch", body)
    bound = write(directory, "bound.perch", f'requires\n{hosts}    bin "true"\n    read "{directory}"\nend\n' + body)
    flags = ["--allow-host", "example.org", "--env", ",".join(f"VARIABLE_{i}" for i in range(8))]
    asks = measure("200,000 requests: a variable asked for", [
        Entry("an op that asks for nothing", [PERCH, *flags, "-f", bound, "pure"], env=env),
        Entry("no layers", [PERCH, "-f", free, "asks"], env=env),
        Entry("three layers", [PERCH, *flags, "-f", bound, "asks"], env=env)], 9)
    ratio("what three layers add to a request, in µs", (asks["three layers"] - asks["no layers"]) / 200000 * 1e6, 1.0)
    spawns = measure("1,000 × true", [
        Entry("unconfined", [PERCH, "-f", free, "spawn"], env=env),
        Entry("--no-network", [PERCH, "--no-network", "-f", free, "spawn"], env=env),
        Entry("--no-write", [PERCH, "--no-write", "-f", free, "spawn"], env=env),
        Entry("--allow-read-path, --no-network", [PERCH, "--allow-read-path", directory, "--no-network", "-f", free, "spawn"],
              env=env)], 5)
    for name in list(spawns)[1:]:
        ratio(f"{name}: added per child, in ms", (spawns[name] - spawns["unconfined"]), 1.0)
    boxed = write(directory, "boxed.perch", gen_perch.generate_boxed(5000))
    small = write(directory, "small.perch", gen_perch.generate_boxed(1))
    proof = measure("The static proof", [
        Entry("1 command", [PERCH, "--check", "-f", small], env=env),
        Entry(f"{open(boxed).read().count(chr(10))} lines, 2,500 sandboxes: --check", [PERCH, "--check", "-f", boxed], env=env)], 20)
    names = list(proof)
    ratio("check with the proof, in ms", proof[names[1]] * 1e3, 100)


# Rounds that take about half a second each.
COMPUTE_ROUNDS = (("sha256", "150"), ("nbody", "30"), ("sieve", "60"), ("matmul", "20"))

def bench_bundle(directory, env):
    hello = write(directory, "hello.perch", 'command hi\n    description "x"\n    do\n        print "hi"\n    end\nend\n')
    Entry("build", [PERCH, "--build", "-q", "-f", hello, "-o", "hello"], cwd=directory, env=env).run()
    medians = measure("A built program starts", [
        Entry("perch -f hello.perch hi", [PERCH, "-f", hello, "hi"], cwd=directory, env=env),
        Entry("./hello hi", ["./hello", "hi"], cwd=directory, env=env)], 200)
    ratio("built / perch -f", medians["./hello hi"] / medians["perch -f hello.perch hi"], 1.2)
    bench_bundled_module(directory, env)
    bench_large_bundle(directory, env)
    bench_bundle_of_many(directory, env)


def bench_bundled_module(directory, env):
    module = os.path.join(GUESTS, "go/hello.wasm")
    if not os.path.exists(module):
        return missing("the Go guest", "tools/toolchains, then test/guests/build build/guests")
    shutil.copy(module, os.path.join(directory, "hello.wasm"))
    text = ('bundle\n    include "./hello.wasm" as hello\nend\ncommand go\n    description "x"\n    do\n'
            '        wasm_run hello\n        end\n    end\nend\n')
    program = write(directory, "go.perch", text)
    Entry("build", [PERCH, "--build", "-q", "-f", program, "-o", "go"], cwd=directory, env=env).run()
    Entry("warm", [PERCH, "-f", program, "warm"], cwd=directory, env=env).run()
    medians = measure("A 2.5 MB Go module of a bundle", [
        Entry("perch -f, cached code", [PERCH, "-f", program, "go"], cwd=directory, env=env),
        Entry("built", ["./go", "go"], cwd=directory, env=env)], 60)
    ratio("built / cached", medians["built"] / medians["perch -f, cached code"], 1.1)
    # Four modules that differ in one custom section, so that none is compiled for another.
    with open(module, "rb") as f:
        bytes_of_it = f.read()
    lines = ""
    for i in range(4):
        with open(os.path.join(directory, f"m{i}.wasm"), "wb") as f:
            f.write(bytes_of_it + b"\x00\x02\x01" + bytes([ord("a") + i]))
        lines += f'    include "./m{i}.wasm" as m{i}\n'
    runs = "".join(f"        wasm_run m{i}\n        end\n" for i in range(4))
    four = write(directory, "four.perch",
                 f'bundle\n{lines}end\ncommand all\n    description "x"\n    do\n{runs}    end\nend\n')
    cold = dict(env, XDG_CACHE_HOME=os.path.join(directory, "cold"))
    clear = lambda: shutil.rmtree(cold["XDG_CACHE_HOME"], ignore_errors=True)  # noqa: E731
    medians = measure("Four of them are compiled", [
        Entry("perch warm", [PERCH, "-f", four, "warm"], cwd=directory, env=cold, prepare=clear),
        Entry("perch --build", [PERCH, "--build", "-q", "-f", four, "-o", "four"], cwd=directory, env=cold)], 5)
    ratio("build / compile", medians["perch --build"] / medians["perch warm"], 1.1)


def bench_large_bundle(directory, env):
    data = os.path.join(directory, "large")
    os.makedirs(data)
    piece = os.urandom(1 << 20)
    for i in range(2):
        with open(os.path.join(data, str(i)), "wb") as f:
            for _ in range(1024):
                f.write(piece)
    program = write(directory, "large.perch", 'bundle\n    include "./large"\nend\ncommand hi\n    description "x"\nend\n')
    build = Entry("2 GB of files", [PERCH, "--build", "-q", "-f", program, "-o", "packed"], cwd=directory, env=env)
    build.run()
    print(f"\n2 GB of included files: built in {build.median:.1f} s")
    ratio("peak memory in MiB beside perch itself", build.peak_kib / 1024 - os.path.getsize(PERCH) / (1 << 20), 32)
    shutil.rmtree(data)


def bench_bundle_of_many(directory, env):
    """Files that a run does not touch must not cost it anything."""
    data = os.path.join(directory, "many")
    for i in range(65540):
        os.makedirs(os.path.join(data, str(i % 256)), exist_ok=True)
        write(os.path.join(data, str(i % 256)), str(i), str(i))
    program = write(directory, "many.perch", 'bundle\n    include "./many"\nend\ncommand hi\n    do\n        print "hi"\n'
                    '    end\nend\ncommand one\n    do\n        bundle_extract "many/7/7" "out.txt"\n    end\nend\n')
    Entry("build", [PERCH, "--build", "-q", "-f", program, "-o", "of-many"], cwd=directory, env=env).run()
    entries = [Entry(what, ["./of-many", command], cwd=directory, env=env)
               for what, command in (("touching none", "hi"), ("reading one", "one"))]
    medians = measure("A built program with 65,540 files starts", entries, 9)
    for entry in entries:
        ratio(f"{entry.name}, in ms", medians[entry.name] * 1e3, 100)
        ratio(f"{entry.name}, peak memory in MiB", entry.peak_kib / 1024, 40)
    shutil.rmtree(data)


def bench_trace(directory, env):
    ops = 50000
    lines = write(directory, "many.txt", "".join(f"line {i}\n" for i in range(ops)))
    program = write(directory, "many.perch", f'''
command loop
    description "x"
    do
        all = read_file "{lines}"
        for_each all line
            up = upper line
        end
    end
end
''')
    audit = os.path.join(directory, "run.ndjson")
    gone = lambda: os.path.exists(audit) and os.remove(audit)  # noqa: E731
    readers = {"--trace": ["--trace=/dev/null"], "--report": ["--report=" + os.path.join(directory, "r.txt")],
               "--report, a page": ["--report=" + os.path.join(directory, "r.html")], "--audit": ["--audit", audit],
               "all three": ["--trace=/dev/null", "--report=" + os.path.join(directory, "r.txt"), "--audit", audit]}
    entries = [Entry("nobody reads", [PERCH, "-f", program, "loop"], env=env)]
    entries += [Entry(name, [PERCH, *flags, "-f", program, "loop"], env=env, prepare=gone)
                for name, flags in readers.items()]
    medians = measure(f"for_each over {ops:,} lines with one op each: {2 * ops:,} events", entries, 9)
    for name in readers:
        ratio(f"{name}: µs an event", (medians[name] - medians["nobody reads"]) / (2 * ops) * 1e6,
              2.0 if name != "all three" else 4.0)
    bench_long_report(directory, env)


def bench_long_report(directory, env):
    """A report of a million events must not take memory for each."""
    numbers = lambda count: "\\n".join(str(i) for i in range(count))  # noqa: E731
    program = write(directory, "long.perch", f'command loop\n    do\n        for_each "{numbers(1000)}" a\n'
                    f'            for_each "{numbers(499)}" b\n                up = upper b\n'
                    "            end\n        end\n    end\nend\n")
    nobody = Entry("nobody reads", [PERCH, "-f", program, "loop"], env=env)
    entries = [nobody] + [Entry(f"--report=r.{ending}", [PERCH, f"--report={directory}/r.{ending}", "-f", program, "loop"],
                                env=env) for ending in ("txt", "html", "json")]
    measure("A million events", entries, 3)
    for entry in entries[1:]:
        ratio(f"{entry.name}: more memory in MiB", (entry.peak_kib - nobody.peak_kib) / 1024, 32)


BENCHES = {"start": bench_start, "bundle": bench_bundle, "wasm": bench_wasm, "lang": bench_lang, "policy": bench_policy,
           "trace": bench_trace}


def main():
    names = sys.argv[1:] or list(BENCHES)
    for name in names:
        if name not in BENCHES:
            raise SystemExit(f"bench: no benchmark is called {name}; there are: {', '.join(BENCHES)}")
    with tempfile.TemporaryDirectory(prefix="perch-bench-") as directory:
        env = dict(os.environ, XDG_CACHE_HOME=os.path.join(directory, "cache"))
        for name in names:
            BENCHES[name](directory, env)


if __name__ == "__main__":
    main()
