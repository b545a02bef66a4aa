#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# In the machine: real work, bare and governed (R0, both daemons running on the same CPU). Lines "COLUMN WORK INSTRUCTIONS".
set -eu
# shellcheck source=tests/bench/machine/lib.sh
. /copy/machine/lib.sh

# work COLUMN COMMAND...: the command is what stands before `/bin/bash SCRIPT`; its own start is not counted
work() {
	local column=$1 name took
	shift
	for name in compile git grep many_files python; do
		took=$("$@" /bin/bash /bench/r0/timed $name | tail -n 1)
		case $took in
		'' | *[!0-9]*) echo "# $column $name: it failed: $(tail -n 3 /bench/r0/log | tr '\n' ' ')" ;;
		*) echo "$column $name $took" ;;
		esac
	done
}

prepare() {
	local i j
	mkdir -p /bench/r0/tree /bench/r0/tests
	for i in $(seq 500); do
		mkdir /bench/r0/tree/$i
		for j in $(seq 100); do echo "some text $i $j" > /bench/r0/tree/$i/$j; done
	done
	cp -r /copy/project /bench/r0/project
	for i in $(seq 20); do
		{
			printf 'import unittest\n\n\nclass T(unittest.TestCase):\n'
			for j in $(seq 20); do
				printf '    def test_%d(self):\n        with open("/bench/r0/tree/%d/%d") as f:\n            self.assertIn("text", f.read())\n' $j $i $j
			done
		} > /bench/r0/tests/test_$i.py
	done
	cat > /bench/r0/timed <<'X'
start=$(/copy/hold now)
/bin/bash /bench/r0/work-$1 > /bench/r0/log 2>&1 || exit 1
echo $(($(/copy/hold now) - start))
X
	cat > /bench/r0/work-compile <<'X'
set -e
cd /bench/r0/project
for f in core/*.c; do gcc -std=gnu17 -D_GNU_SOURCE -O1 -Iinclude -I. -c "$f" -o "${f%.c}.o"; done
gcc -shared core/*.o -o program
rm core/*.o program
X
	cat > /bench/r0/work-git <<'X'
set -e
export HOME=/bench/r0 GIT_AUTHOR_NAME=b GIT_AUTHOR_EMAIL=b GIT_COMMITTER_NAME=b GIT_COMMITTER_EMAIL=b
cd /bench/r0/project
git init -q . && git add . && git commit -q -m first
git clone -q . ../clone
cd ../clone
for i in 1 2 3 4 5; do
	echo "int added_$i;" > "added_$i.c"
	git add . && git commit -q -m "number $i"
	git grep -q added
done
cd ..
rm -rf clone project/.git
X
	cat > /bench/r0/work-grep <<'X'
cd /bench/r0/tree
test "$(find . -type f | xargs -n 1000 grep -l "text 77 7$" | wc -l)" = 1
X
	cat > /bench/r0/work-many_files <<'X'
set -e
cd /bench/r0
for i in 1 2 3 4 5 6 7 8 9 10; do
	mkdir -p modules/$i/lib
	for j in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		echo '{"name": "module"}' > modules/$i/package-$j.json
		echo 'module.exports = 1;' > modules/$i/lib/$j.js
	done
done
rm -rf modules
X
	cat > /bench/r0/work-python <<'X'
cd /bench/r0/tests
PYTHONDONTWRITEBYTECODE=1 python3 -m unittest -q
X
}

mkdir -p /bench/r1 /bench/r2 /bench/deny
prepare
work warm-up > /dev/null
work bare
cvfd_start
work beside
world 100
work governed cvfctl run --agent bench --
