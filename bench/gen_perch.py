#!/usr/bin/env python3
"""Prints a perch file of realistic mixture, for measuring the front end.

    bench/gen_perch.py [COMMANDS]      9 lines a command; default 5000, which makes 45,000 lines

Every command is called by the next one, so that name resolution has work, too.
"""
import sys

HEAD = """\
name "generated"
about "a file for measuring the front end"
version "1.0.0"
requires
    bin "docker"
    bin "git" as vcs
    bin "tar"
    env "HOME"
    read "."
    write OUT
end
OUT = "${temp_dir}/generated"
REGISTRY = "registry.example:5000"
"""

# Each is the six lines between a command's head and its `end`s; {i} is its number.
BODIES = (
    """\
    description "Build and push image {i}"
    do
        tag = vcs rev-parse --short HEAD
        docker build --tag "${{REGISTRY}}/app{i}:${{tag}}" --file ./docker/{i}/Dockerfile .
        docker push "${{REGISTRY}}/app{i}:${{tag}}" && print "pushed ${{tag}}"
        step{previous}
""",
    """\
    description "Pack directory {i}"  # into one archive
    do
        if exists "${{OUT}}/{i}.tar" and not is_ci
            rm "${{OUT}}/{i}.tar"
        end
        tar -cf "${{OUT}}/{i}.tar" --exclude=*.o src/{i} docs/{i}
""",
    """\
    description "Check service {i}"
    do
        for_each host in "alpha\\nbeta\\ngamma"
            print "checking ${{host}} in round {i}"
        end
        kernel = upper "linux"
""",
    """\
    private
    env LC_ALL "C"
    do
        # the digest of what was made
        sum = sha256_file "${{OUT}}/{i}.tar"
        write_file "${{OUT}}/{i}.sha256" "${{sum}}  {i}.tar\\n"
""",
)


# Nine lines each, as above; every command calls the one before it, so a sandbox reaches all of them.
BOXED = (
    """\
    description "Look at {i}"
    do
        sandbox "{flags}"
            kernel = upper "linux {i}"
            step{previous}
        end
""",
    """\
    description "Count {i}"
    do
        # nothing that any of the sandboxes forbids
        lines = sort_lines "b\\na\\nc {i}"
        first = head 1 "${{lines}}"
        step{previous}
""",
)
FLAGS = ("no_network", "no_write,no_network", "no_shell,no_subprocess", "write=./out,host=example.org")


def command(i):
    body = BODIES[i % len(BODIES)].format(i=i, previous=max(i - 1, 0))
    return f"command step{i}\n{body}    end\nend\n"


def generate(commands):
    return HEAD + "".join(command(i) for i in range(commands))


def generate_boxed(commands):
    """As generate(), but every second command has a sandbox around a call of the one before it."""
    texts = ["command step\n    do\n        print \"start\"\n    end\nend\n"]
    for i in range(commands):
        body = BOXED[i % 2].format(i=i, previous=i - 1 if i else "", flags=FLAGS[i // 2 % len(FLAGS)])
        texts.append(f"command step{i}\n{body}    end\nend\n")
    return 'name "generated"\n' + "".join(texts)


if __name__ == "__main__":
    sys.stdout.write(generate(int(sys.argv[1]) if len(sys.argv) > 1 else 5000))
