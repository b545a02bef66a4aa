#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A day's work of a coding agent in its workspace; run by r_coding.sh as the agent. Prints what failed; "done" at the end.

set -u
try() {
	"$@" >/tmp/coding.out 2>&1 || {
		printf 'failed (%d): %s: %s\n' $? "$*" "$(tail -n 3 /tmp/coding.out | tr '\n' ' ')"
	}
}

cd /home/dev/work || exit 1
export GIT_CONFIG_GLOBAL=/home/dev/work/.gitconfig GIT_PAGER=cat

echo "# shell"
mkdir -p a/b/c && echo one >a/one && echo two >>a/one
try cp a/one a/two
try mv a/two a/b/three
try ln a/b/three a/hard
try ln -s one a/soft
try chmod 600 a/b/three
try touch -d '2024-01-01 00:00:00' a/one
try sed -i 's/one/uno/' a/one
try truncate -s 100 a/big
try dd if=/dev/zero of=a/zero bs=1024 count=64
try tar -cf a.tar a
mkdir out && try tar -xf a.tar -C out
try diff -r a out/a
try sh -c 'find . -type f | sort | xargs cat | wc -c | tee a/count'
try rm -r out a.tar
try bash -c 'cat <(echo sub) <<<here >/dev/null; f=$(mktemp); echo x >"$f"; rm "$f"; (sleep 0.1) & wait; set -m; true | cat; printf "%s\n" {1..5} >/dev/null; trap : EXIT'
try env LC_ALL=C ls -la /usr/bin /etc /home/dev
try sh -c 'ps >/dev/null; df >/dev/null; id >/dev/null; uname -a >/dev/null; date >/dev/null; whoami >/dev/null'
mkdir gone && try rmdir gone
mkfifo pipe && (echo through >pipe & cat pipe >/dev/null; wait) && rm pipe

echo "# git"
try git config --global user.name dev
try git config --global user.email dev@example.org
try git init -b main repo
cd repo || exit 1
mkdir src && printf 'int twice(int n) { return 2 * n; }\n' >src/twice.c
printf '#include <stdio.h>\nint twice(int);\nint main(void) { printf("%%d\\n", twice(21)); return 0; }\n' >src/main.c
printf 'CFLAGS = -O1\nanswer: main.o twice.o\n\tgcc -o $@ $^\n%%.o: src/%%.c\n\tgcc $(CFLAGS) -c -o $@ $<\nclean:\n\trm -f *.o answer\n.PHONY: clean\n' >Makefile
printf '*.o\nanswer\n__pycache__\n' >.gitignore
try git add .
try git commit -m first
try git checkout -b topic
echo '/* topic */' >>src/twice.c
try git commit -a -m topic
try git checkout main
echo readme >README
try git add README
try git commit -m readme
try git merge --no-edit topic
try git branch -d topic
echo change >>README
try git stash
try git stash pop
try git diff
try git checkout -- README
try git log --stat
try git tag -a v1 -m v1
try git mv README README.md
try git commit -m rename
try git rebase HEAD~1
try git worktree add ../tree -b other
try git worktree remove ../tree
try git gc
try git fsck
try git clone . ../clone
try git -C ../clone pull

echo "# make and gcc"
try make
[ "$(./answer)" = 42 ] || echo "failed: the program says $(./answer)"
try make clean
try make -j2 CFLAGS='-g -O2 -pipe'
try make clean

echo "# python"
mkdir pkg && echo 'def f(): return 42' >pkg/mod.py && : >pkg/__init__.py
try python3 -c 'import pkg.mod; assert pkg.mod.f() == 42'
try python3 -c 'import subprocess; assert subprocess.run(["git", "status"], capture_output=True).returncode == 0'
try python3 -c '
import tempfile, os, shutil, json, sqlite3, socket, threading
with tempfile.NamedTemporaryFile() as f: f.write(b"x")
d = tempfile.mkdtemp(); open(os.path.join(d, "x"), "w").close(); shutil.rmtree(d)
with tempfile.TemporaryFile() as f: f.write(b"x")
json.dump({}, open("x.json", "w")); os.replace("x.json", "y.json"); os.remove("y.json")
db = sqlite3.connect("x.db"); db.execute("create table t (x)"); db.execute("insert into t values (1)"); db.commit(); db.close(); os.remove("x.db")
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen()
c = socket.create_connection(s.getsockname()); c.close(); s.close()
a, b = socket.socketpair(); a.send(b"x"); b.recv(1)
'
try python3 -c '
import multiprocessing as m
if __name__ == "__main__":
    q = m.Queue(); p = m.Process(target=q.put, args=(1,)); p.start(); assert q.get(timeout=30) == 1; p.join()
'
try python3 -m unittest discover -s pkg -t .
try python3 -m compileall -q pkg
try rm -rf pkg
cd .. && try rm -rf repo clone
echo "done"
