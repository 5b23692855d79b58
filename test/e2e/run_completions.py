#!/usr/bin/env python3
"""Asks real shells for completions: each is started on a terminal, loads `perch completions SHELL` and gets a line
and a TAB. What then stands on the line is compared. Shells that are not installed are skipped, visibly, but with
CI=true they must be there."""

import argparse
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time

PROGRAM = """name "kitchen"
command deploy
    description "Puts it: somewhere"
    arg env
        type string
        choices "dev" "production" "$(touch pwned)" "`touch pwned`"
        description "where to"
    end
    arg fast
        type bool
        optional
    end
    arg mode
        type string
        optional
        choices "slow one" "it's \\"odd\\" \\\\ `touch pwned`" "q$(touch pwned)" "a:b c" "bang!"
    end
    arg target
        type string
        index 0
        choices "webserver" "database"
    end
    do
        print "x"
    end
end
command describe
    description "Says what it is"
    do
        print "x"
    end
end
command open
    arg file
        type string
        index 0
    end
    do
        print "x"
    end
end
command hidden_one
    private
    do
        print "x"
    end
end
"""

# What is typed before the TAB, and what stands on the line after it (a blank at its end included).
LINES = [
    ("perch -f k.perch dep", "perch -f k.perch deploy "),
    ("perch -f k.perch hid", "perch -f k.perch hid"),
    ("perch -f k.perch deploy -en", "perch -f k.perch deploy -env="),
    ("perch -f k.perch deploy -env=pro", "perch -f k.perch deploy -env=production "),
    ("perch -f k.perch deploy --env=pro", "perch -f k.perch deploy --env=production "),
    ("perch -f k.perch deploy -env pro", "perch -f k.perch deploy -env production "),
    ("perch -f k.perch deploy -env=dev -fa", "perch -f k.perch deploy -env=dev -fast "),
    ("perch -f k.perch deploy web", "perch -f k.perch deploy webserver "),
    ("perch -f k.perch open longfile", "perch -f k.perch open longfilename.txt "),
    ("perch --color alw", "perch --color always "),
    ("perch fmt --di", "perch fmt --diff "),
    ("perch test --fi", "perch test --filter "),
    ("perch cache cl", "perch cache clear "),
    ("perch --col", "perch --color="),
    ("perch --color=alw", "perch --color=always "),
    ("perch completions zs", "perch completions zsh "),
    ("perch -f k.perch help descr", "perch -f k.perch help describe "),
    ("perch -f longfile", "perch -f longfilename.txt "),
]

# Values that a shell would split or run: what stands on the line after the TAB must mean the value.
QUOTED = [
    ("perch -f k.perch deploy -mode slo", "slow one"),
    ("perch -f k.perch deploy -mode=slo", "-mode=slow one"),
    ("perch -f k.perch deploy -mode slow\\ o", "slow one"),
    ('perch -f k.perch deploy -mode "slow o', "slow one"),
    ("perch -f k.perch deploy -mode 'slow o", "slow one"),
    ("perch -f k.perch deploy -mode q", "q$(touch pwned)"),
    ('perch -f k.perch deploy -mode "q', "q$(touch pwned)"),
    ("perch -f k.perch deploy -mode=q", "-mode=q$(touch pwned)"),
    ("perch -f k.perch deploy -mode it", "it's \"odd\" \\ `touch pwned`"),
    ('perch -f k.perch deploy -mode "it', "it's \"odd\" \\ `touch pwned`"),
    ("perch -f k.perch deploy -mode a", "a:b c"),
    ("perch -f k.perch deploy -mode ban", "bang!"),
]


class Terminal:
    """A shell on a pseudo terminal."""

    def __init__(self, argv, directory, env):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(directory)
            os.execvpe(argv[0], argv, env)
        self.seen = ""

    def send(self, text):
        os.write(self.fd, text.encode())

    def read_until(self, marker, seconds):
        deadline = time.monotonic() + seconds
        while marker not in self.seen and time.monotonic() < deadline:
            if select.select([self.fd], [], [], 0.1)[0]:
                try:
                    self.seen += os.read(self.fd, 65536).decode(errors="replace")
                except OSError:
                    break
        found, self.seen = self.seen, ""
        return found

    def close(self):
        os.close(self.fd)
        try:
            os.kill(self.pid, 9)
        except ProcessLookupError:
            pass
        os.waitpid(self.pid, 0)


def bash_line(script, line, directory, env):
    """Bash writes its line buffer where a key binding can read it."""
    rc = (f"PS1='ready> '\nbind 'set enable-bracketed-paste off'\nbind 'set show-all-if-ambiguous off'\nsource {script}\n"
          "show() { printf '<<%s>>\\n' \"$READLINE_LINE\"; }\nbind -x '\"\\C-t\": show'\n")
    path = os.path.join(directory, ".rc")
    with open(path, "w", encoding="utf-8") as f:
        f.write(rc)
    terminal = Terminal(["bash", "--noprofile", "--rcfile", path, "-i"], directory, env)
    return ask(terminal, line)


def zsh_line(script, line, directory, env):
    rc = (f"PS1='ready> '\nunsetopt zle_bracketed_paste 2>/dev/null\nautoload -Uz compinit; compinit -u -D\nsource {script}\n"
          "show() { print -r -- \"<<$BUFFER>>\" }\nzle -N show\nbindkey '^T' show\n")
    with open(os.path.join(directory, ".zshrc"), "w", encoding="utf-8") as f:
        f.write(rc)
    terminal = Terminal(["zsh", "-i"], directory, {**env, "ZDOTDIR": directory})
    return ask(terminal, line)


def ask(terminal, line):
    try:
        terminal.read_until("ready> ", 20)
        terminal.send(line + "\t")
        time.sleep(0.2)
        terminal.send("\x14")
        shown = re.findall(r"<<(.*?)>>", terminal.read_until(">>", 20), re.DOTALL)
        return shown[0] if shown else None
    finally:
        terminal.close()


def fish_line(script, line, directory, env):
    """Fish can be asked without a terminal; a single candidate is what a TAB inserts."""
    done = subprocess.run(["fish", "--no-config", "-c", f"source {script}; complete -C '{line}'"], cwd=directory, env=env,
                          capture_output=True, timeout=60)
    candidates = [c.split("\t")[0] for c in done.stdout.decode().splitlines()]
    if len(candidates) != 1:
        return line if not candidates else str(candidates)
    kept = line[: len(line) - len(line.split(" ")[-1])]
    return kept + candidates[0] + ("" if candidates[0].endswith("=") else " ")


def last_word(shell, line, directory, env):
    """The last word that perch would get from the line."""
    done = subprocess.run([shell, "-c", "perch() { printf '%s\\n' \"$@\" | tail -n 1; }\n" + line], cwd=directory, env=env,
                          capture_output=True, timeout=60)
    return done.stdout.decode().removesuffix("\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--perch", default=os.environ.get("PERCH_EXE", "build/release/perch"))
    options = parser.parse_args()
    perch = os.path.abspath(options.perch)
    passed = failed = 0
    for shell, asked in (("bash", bash_line), ("zsh", zsh_line), ("fish", fish_line)):
        if shutil.which(shell) is None:
            required = os.environ.get("CI") == "true"
            failed += required
            print(f"{'FAILED' if required else 'skipped'}: {shell} is not installed")
            continue
        with tempfile.TemporaryDirectory(prefix="perch-completions-") as directory:
            os.mkdir(f"{directory}/.bin")
            os.symlink(perch, f"{directory}/.bin/perch")
            for name, text in (("k.perch", PROGRAM), ("longfilename.txt", "")):
                with open(os.path.join(directory, name), "w", encoding="utf-8") as f:
                    f.write(text)
            env = {"PATH": f"{directory}/.bin:{os.environ['PATH']}", "HOME": directory, "LANG": "C.UTF-8", "TERM": "dumb",
                   "XDG_CACHE_HOME": f"{directory}/.cache", "INPUTRC": "/dev/null"}
            script = os.path.join(directory, "script")
            with open(script, "wb") as f:
                f.write(subprocess.run([perch, "completions", shell], capture_output=True, check=True).stdout)
            for line, want in LINES:
                got = asked(script, line, directory, env)
                if got == want:
                    passed += 1
                else:
                    failed += 1
                    print(f"FAILED {shell}: {line!r} TAB\n    expected {want!r}\n    got      {got!r}")
            for line, want in QUOTED if shell != "fish" else []:  # fish tells the value, not the line
                got = asked(script, line, directory, env)
                word = last_word(shell, got or "", directory, env)
                passed += word == want
                failed += word != want
                if word != want:
                    print(f"FAILED {shell}: {line!r} TAB\n    expected a line that means {want!r}\n    got      {got!r}")
            if os.path.exists(os.path.join(directory, "pwned")):
                failed += 1
                print(f"FAILED {shell}: a choice of the file was executed")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
