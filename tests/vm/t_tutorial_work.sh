#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# An hour's work of a coding agent on one feature: t_tutorial_work.sh NAME. Run by t_tutorial.sh as the agent, and by the
# agent of docs/TUTORIAL.md. Prints what failed; "done NAME" at the end.

set -u
feature=$1
failed=no
try() {
	"$@" >/tmp/work.out 2>&1 && return
	failed=yes
	printf 'failed (%d): %s: %s\n' $? "$*" "$(tail -n 3 /tmp/work.out | tr '\n' ' ')"
}

cd /home/dev/work/app || exit 1
export GIT_PAGER=cat
try git fetch origin
try git checkout -b "$feature" main

echo "# it writes"
mkdir -p src tests docs
printf 'int %s(int n)\n{\n\treturn n * 2;\n}\n' "$feature" >"src/$feature.c"
printf 'import subprocess, unittest\n\n\nclass Test_%s(unittest.TestCase):\n    def test_it(self):\n        self.assertEqual(subprocess.check_output(["./app"]).strip(), b"42")\n' "$feature" >"tests/test_$feature.py"
printf '# %s\n' "$feature" >"docs/$feature.md"
try sed -i "s/n \* 2/2 * n/" "src/$feature.c"
try grep -rn "$feature" src tests docs
draft=$(mktemp)
try cp "docs/$feature.md" "$draft"
echo "what $feature does" >>"$draft"
try mv "$draft" "docs/$feature.md"

echo "# it builds and tests"
try make
try ./app
try python3 -m unittest discover -s tests
try make clean
try make CFLAGS='-g -O2'

echo "# it commits"
try git add -A
try git diff --cached --stat
try git commit -m "$feature"
try git stash list
try git rebase main
try git log --oneline -3

echo "# it shows a preview"
try mkdir -p /srv/preview/app
mkdir -p build && cp app "build/app-$feature"
try tar -czf "build/$feature.tar.gz" src docs
try cp "build/$feature.tar.gz" "/srv/preview/app/$feature.tar.gz"
try cp "docs/$feature.md" /srv/preview/app/index.md
try rm -f /srv/preview/app/last.tar.gz
try ln "/srv/preview/app/$feature.tar.gz" /srv/preview/app/last.tar.gz
try curl -sf -o /dev/null http://127.0.0.1:8000/health
try rm -rf build

echo "# it publishes"
try git push origin "$feature"
try git checkout main
try git branch -D "$feature"
[ $failed = yes ] || echo "done $feature"
