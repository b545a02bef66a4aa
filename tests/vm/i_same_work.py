#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Real work, and what came of it: a line "NAME RESULT" for each piece, the same on every run of the same system. i_same_lib.sh compares them."""
import hashlib
import os
import re
import shutil
import subprocess
import sys

HERE = os.getcwd()
ENV = {**os.environ, "HOME": HERE, "TMPDIR": HERE + "/tmp", "LC_ALL": "C", "GIT_CONFIG_NOSYSTEM": "1", "TZ": "UTC",
       "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@test.example", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@test.example",
       "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z", "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z"}
# Not mq: an agent is refused POSIX queues (cvfd(8), CAVEATS; r_wake.sh has the test).
# ops: each is bounded by its work and not by time, so that what it did can be compared.
STRESS = {
    "filesystem": {"access": 2, "chdir": 20, "chmod": 20, "chown": 20, "copy-file": 2, "dentry": 64, "dir": 64, "dirdeep": 20, "dup": 50,
                   "fallocate": 2, "fcntl": 50, "fiemap": 2, "file-ioctl": 20, "filename": 50, "flock": 50, "fpunch": 2, "fstat": 50, "getdent": 20,
                   "io": 5, "iomix": 5, "lease": 2, "link": 20, "locka": 20, "lockf": 20, "lockofd": 20, "mknod": 20,
                   "open": 100, "rename": 50, "symlink": 20, "sync-file": 2, "touch": 50, "utime": 50, "xattr": 5},
    "network": {"sock": 20, "sockabuse": 2, "sockdiag": 5, "sockfd": 20, "sockpair": 20, "udp": 20,
                "udp-flood": 50, "epoll": 20, "sendfile": 5},
    "process": {"affinity": 20, "clone": 20, "daemon": 5, "exec": 2, "exit-group": 5, "fork": 20, "futex": 20, "get": 20, "kill": 20,
                "msg": 20, "nice": 2, "pipe": 50, "poll": 20, "prctl": 2, "pthread": 5, "rlimit": 5,
                "schedpolicy": 5, "sem": 20, "sem-sysv": 20, "session": 5, "shm": 2, "sigfd": 20, "sigq": 20, "spawn": 2, "switch": 20,
                "vfork": 20, "wait": 5, "zombie": 5, "mmap": 5, "mremap": 5, "mprotect": 20, "memfd": 2, "inotify": 5},
}
# What a program of the system usually asks of its host.
CONFIGURE = """
AC_INIT([work], [1])
AC_CONFIG_HEADERS([config.h])
AC_PROG_CC
AC_PROG_LN_S
AC_SYS_LARGEFILE
AC_C_BIGENDIAN
AC_CHECK_HEADERS([fcntl.h sys/socket.h sys/epoll.h sys/inotify.h linux/landlock.h netinet/in.h pthread.h])
AC_CHECK_SIZEOF([long])
AC_CHECK_SIZEOF([off_t])
AC_FUNC_FORK
AC_FUNC_MMAP
AC_FUNC_CHOWN
AC_FUNC_LSTAT_FOLLOWS_SLASHED_SYMLINK
AC_CHECK_FUNCS([memfd_create renameat2 openat2 clone3 copy_file_range fchmodat splice statx])
AC_CONFIG_FILES([out])
AC_OUTPUT
"""


def say(name, result):
    print(f"{name} {result}", flush=True)


def run(*command, cwd=None, timeout=300, stdin=None):
    try:
        got = subprocess.run(command, cwd=cwd or HERE, env=ENV, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout)
        return got.returncode, got.stdout.decode(errors="replace")
    except subprocess.TimeoutExpired:
        return "no end", ""


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def tree(folder):
    """What is in a folder: names, modes, sizes, targets, contents."""
    lines = []
    for root, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files + folders):
            path = os.path.join(root, name)
            s = os.lstat(path)
            what = os.readlink(path) if os.path.islink(path) else ""
            if os.path.isfile(path) and not what:
                with open(path, "rb") as f:
                    what = hashlib.sha256(f.read()).hexdigest()
            lines.append(f"{os.path.relpath(path, folder)} {s.st_mode:o} {s.st_nlink} {what}")
    return digest("\n".join(lines))


# --- pieces of work ---------------------------------------------------------------

def stress(family):
    for name, ops in STRESS[family].items():
        bound = ["--" + name + "-ops", str(ops)] if ops else []
        status, text = run("stress-ng", "--" + name, "1", *bound, "--timeout", "30", "--verify", "--no-rand-seed", "--temp-path", "tmp",
                           "--oom-avoid", timeout=120)
        said = {what: len(re.findall(what, text)) for what in ("fail: ", "unsuccessful run", "stressor.* skipped")}
        say(f"stress-{name}", f"{status} {said}")
        if "-v" in sys.argv:
            print(text)


def git():
    """An ordinary history: every id in it is a digest of all that led to it."""
    repo = HERE + "/repo"
    os.mkdir(repo)
    for command in (["init", "-q", "-b", "main"], ["config", "gc.auto", "0"]):
        say("git-" + command[0], run("git", *command, cwd=repo)[0])
    for n in range(20):
        with open(f"{repo}/f{n % 7}", "a", encoding="utf-8") as f:
            f.write(f"line {n}\n" * 50)
        os.makedirs(f"{repo}/d{n % 3}/e", exist_ok=True)
        os.path.lexists(f"{repo}/d{n % 3}/e/l") or os.symlink(f"../../f{n % 7}", f"{repo}/d{n % 3}/e/l")
        run("git", "add", "-A", cwd=repo)
        run("git", "commit", "-q", "-m", f"commit {n}", cwd=repo)
    for name, command in {
            "log": ["log", "--format=%H"], "branch": ["checkout", "-q", "-b", "side", "HEAD~5"], "merge": ["merge", "-q", "--no-edit", "main~2"],
            "rebase": ["rebase", "-q", "main"], "mv": ["mv", "f1", "g1"], "commit": ["commit", "-q", "-m", "moved"], "tag": ["tag", "t1"],
            "stash": ["stash"], "bisect": ["rev-list", "--bisect", "HEAD"], "gc": ["gc", "-q"], "fsck": ["fsck", "--full"],
            "archive": ["archive", "--format=tar", "-o", "../repo.tar", "HEAD"], "blame": ["blame", "g1"], "diff": ["diff", "HEAD~9"],
            "worktree": ["worktree", "add", "-q", "../worktree", "t1"], "clone": ["clone", "-q", repo, "../clone"],
            "format-patch": ["format-patch", "-q", "-3", "-o", "../patches"], "head": ["rev-parse", "HEAD", "main", "t1"]}.items():
        status, text = run("git", *command, cwd=repo)
        say("git-" + name, f"{status} {digest(text)}")
    say("git-clone-tree", tree(HERE + "/clone/d0"))
    say("git-archive-file", digest(open(HERE + "/repo.tar", "rb").read().hex()))


def configure():
    """autoconf, the script that it makes, and a program built by make."""
    os.mkdir(HERE + "/configured")
    with open(HERE + "/configured/out.in", "w", encoding="utf-8") as f:
        f.write("prefix=@prefix@ cc=@CC@\n")
    os.mkdir(HERE + "/configured/m4")
    with open(HERE + "/configured/configure.ac", "w", encoding="utf-8") as f:
        f.write(CONFIGURE)
    for name in ("config.guess", "config.sub"):
        shutil.copy("/usr/share/misc/" + name, HERE + "/configured")
    for step in (["aclocal", "--install", "-I", "m4"], ["autoconf"], ["autoheader"]):
        say(step[0], run(*step, cwd=HERE + "/configured", timeout=600)[0])
    status, text = run("/bin/sh", "./configure", cwd=HERE + "/configured", timeout=900)
    answers = [line for line in text.splitlines() if line.startswith("checking")]
    say("configure", f"{status} {len(answers)} {digest(chr(10).join(answers))}")
    made = HERE + "/configured/config.h"
    say("configure-config.h", digest(open(made, encoding="utf-8").read()) if os.path.exists(made) else "none")
    with open(HERE + "/hello.c", "w", encoding="utf-8") as f:
        f.write('#include <stdio.h>\nint main(void) { puts("hello"); return 0; }\n')
    with open(HERE + "/Makefile", "w", encoding="utf-8") as f:
        f.write("hello: hello.o\n\tcc -o $@ $^\nhello.o: hello.c\n\tcc -O2 -c -o $@ $<\nclean:\n\trm -f hello hello.o\n")
    say("make", run("make")[0])
    say("make-result", run("./hello"))
    say("make-clean", run("make", "clean"))


def archives():
    status, _ = run("tar", "-C", "/usr/share", "-cf", HERE + "/a.tar", "perl5", "python3", timeout=300)
    say("tar-create", status)
    os.mkdir(HERE + "/untar")
    say("tar-extract", run("tar", "-C", HERE + "/untar", "-xf", HERE + "/a.tar")[0])
    say("tar-tree", tree(HERE + "/untar"))
    say("cp", run("cp", "-a", "untar", "copied")[0])
    say("cp-tree", tree(HERE + "/copied"))
    say("diff", run("diff", "-r", "untar", "copied"))
    say("find-rm", run("find", "copied", "-delete")[0])
    say("gzip", run("gzip", "-kn", "a.tar")[0])
    say("left", os.path.exists(HERE + "/copied"))


PIECES = {"filesystem": lambda: stress("filesystem"), "network": lambda: stress("network"), "process": lambda: stress("process"),
          "git": git, "configure": configure, "archives": archives}

if __name__ == "__main__":
    for entry in os.listdir(HERE):
        shutil.rmtree(entry) if os.path.isdir(entry) and not os.path.islink(entry) else os.unlink(entry)
    os.mkdir("tmp")
    for piece in [w for w in sys.argv[1:] if w != "-v"] or list(PIECES):
        PIECES[piece]()
