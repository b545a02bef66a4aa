#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What was judged before is remembered: the state of a folder, the mount that showed it, the names in it. Each of these is read until it is
# remembered, and then something is changed that makes it another thing; what was remembered must not answer for that.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
world

# remembered NAME FILE: read often enough that it is known
remembered() {
	agent "$PROBE" open-read "$2" && agent "$PROBE" open-read "$2" && agent "$PROBE" open-read "$2"
	is "$1: allowed and remembered" 0 $?
}

refused() {
	agent "$PROBE" open-read "$2"
	is "$1: refused" $EPERM $?
	"$PROBE" open-read "$2"
	is "$1: control" 0 $?
}

allowed() {
	agent "$PROBE" open-read "$2"
	is "$1: allowed" 0 $?
}

# Names that begin alike, of every length at which another word of them begins, and the ends of what is remembered.
long=abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz
mkdir -p /t/r0/names /t/deny/names
for n in 1 7 8 9 15 16 17 23 24 25 30 31 32 33 62; do
	name=${long:0:n}
	echo x >"/t/r0/names/$name"
	echo x >"/t/deny/names/$name"
	remembered "a name of $n bytes" "/t/r0/names/$name"
	refused "the same of $n bytes in another folder" "/t/deny/names/$name"
done
# A file, a folder, a parent that took another's place.
mkdir -p /t/r0/a/b /t/deny/a/b
for d in r0 deny; do echo x >/t/$d/a/b/f; done
remembered "before it moves" /t/r0/a/b/f
mv /t/r0/a/b/f /t/deny/a/b/g
refused "a file that moved" /t/deny/a/b/g
mv /t/deny/a/b/g /t/r0/a/b/f
remembered "before its folder moves" /t/r0/a/b/f
mv /t/r0/a /t/deny/c
refused "a file whose folder moved" /t/deny/c/b/f
mv /t/deny/c /t/r0/a
remembered "before its folder is exchanged" /t/r0/a/b/f
"$PROBE" rename /t/r0/a /t/deny/a exchange
refused "a file whose folder was exchanged" /t/deny/a/b/f
allowed "what came in its place" /t/r0/a/b/f
"$PROBE" rename /t/r0/a /t/deny/a exchange

# The same folder by two mounts, and a mount that comes, goes, or is only held by who is in it.
mkdir -p /t/r0/view /t/deny/view /t/r0/source
echo x >/t/r0/source/f
mount --bind /t/r0/source /t/r0/view
remembered "by a bind mount" /t/r0/view/f
mount --bind /t/r0/source /t/deny/view
refused "by a bind mount elsewhere" /t/deny/view/f
allowed "and by the first again" /t/r0/view/f
remembered "by its own name" /t/r0/source/f
refused "by the other name again" /t/deny/view/f
umount /t/deny/view
mount --move /t/r0/view /t/deny/view 2>/dev/null || { # not below a shared mount
	mount --make-rprivate /
	mount --move /t/r0/view /t/deny/view
}
refused "by a mount that was moved" /t/deny/view/f
mount --move /t/deny/view /t/r0/view
remembered "by the mount moved back" /t/r0/view/f
agent_begin "$PROBE" chdir /t/r0/view after /t/r0/go open-read f
within 10 '[ -e /t/r0/go.waiting ]'
umount -l /t/r0/view
: >/t/r0/go
agent_end
is "a folder whose mount is gone: refused" $EPERM $?
rm -f /t/r0/go /t/r0/go.waiting
agent_begin "$PROBE" chdir /t/r0/source after /t/r0/go open-read f
within 10 '[ -e /t/r0/go.waiting ]'
: >/t/r0/go
agent_end
is "a folder whose mount is not: allowed" 0 $?
rm -f /t/r0/go /t/r0/go.waiting

# A folder that was deleted, and another one that got its place in memory and on the disk.
for i in 1 2 3 4 5 6 7 8; do
	mkdir /t/r0/gone && echo x >/t/r0/gone/f
	agent "$PROBE" open-read /t/r0/gone/f
	agent "$PROBE" open-read /t/r0/gone/f
	rm -r /t/r0/gone
	mkdir /t/deny/gone && echo x >/t/deny/gone/f
	agent "$PROBE" open-read /t/deny/gone/f
	is "another folder in the place of a deleted one, $i: refused" $EPERM $?
	rm -r /t/deny/gone
done

# Another policy: what was free is denied, and free again. What is let through is counted, each once, remembered or not.
reads() {
	cvfctl counters --agent t --json | sed 's/},{/}\n{/g' | grep '"operation":"read"' | grep '"verdict":"allow"' |
		field_each count | awk '{ n += $1 } END { print n + 0 }'
}
remembered "before the policy changes" /t/r0/source/f
before=$(reads)
printf '%s\n' 'for i in 0 1 2 3 4 5 6 7 8 9; do exec 7</t/r0/source/f; exec 7<&-; done' >/t/bin/reads
agent /bin/bash /t/bin/reads
once=$(($(reads) - before))
sed -i 's/0 1 2/0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1 2/' /t/bin/reads
before=$(reads)
agent /bin/bash /t/bin/reads
is "twenty reads more are twenty more in the counters" $((once + 20)) $(($(reads) - before))
printf '%s\n' '{"schema":"cvf.policy/v1","id":"t-now","priority":900,"rules":[
 {"id":"not-now","when":{"op":["read"],"path":["/t/r0/source/**"]},"effect":"DENY","reason":"not now"}]}' \
	>/etc/cvf/policies.d/t-now.json
reload
refused "after the policy changed" /t/r0/source/f
allowed "after the policy changed, another" /t/r0/names/abcdefg
rm /etc/cvf/policies.d/t-now.json
reload
remembered "after it changed back" /t/r0/source/f
rm -rf /t/{r0,deny}/{names,a,c,view,source,gone}
finish
