#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The file below its name: numbers that are used again, what is dropped from memory, handles, deleted files, names in another
# case, attributes by ioctl. On disks of its own; /t/r0/disk and /t/r0/fat are free but for deny/, for keep/, which may only be
# read, and for held/, which asks.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"

more() {
	cat >/etc/cvf/policies.d/t-disk.json <<-'POLICY'
	{"schema":"cvf.policy/v1","id":"t-disk","priority":200,"rules":[
	 {"id":"no","when":{"path":["/t/r0/{disk,fat}/deny{,/**}"]},"effect":"DENY","reason":"the test says no"},
	 {"id":"keep","when":{"path":["/t/r0/disk/keep{,/**}"],"op":["write","attr","delete","create","rename","link","truncate"]},"effect":"DENY","reason":"the test says no"},
	 {"id":"ask","when":{"path":["/t/r0/disk/held/**"],"op":["write","delete"]},"effect":"REQUIRE_APPROVAL","reason":"the test asks"}]}
	POLICY
}

modprobe -a loop ext4 vfat nls_cp437 nls_ascii nls_iso8859_1 nls_utf8 2>/dev/null
mkdir -p /t/r0/disk /t/r0/fat
# disk NAME MAKER...: a file system of that maker at /t/r0/NAME
disk() {
	local name=$1
	shift
	dd if=/dev/zero of=/tmp/$name.img bs=1M count=8 2>/dev/null
	"$@" /tmp/$name.img >/tmp/mkfs.log 2>&1 && mount -o loop /tmp/$name.img /t/r0/$name || {
		cat /tmp/mkfs.log
		not_ok "a disk $name" "it could not be made"
	}
	mkdir -p /t/r0/$name/deny /t/r0/$name/keep /t/r0/$name/held /t/r0/$name/free
}
disk disk /bin/busybox mke2fs -F
disk fat /bin/busybox mkdosfs
world more
D=/t/r0/disk

# Where it is held instead of refused, nobody approves it.
wait_hold_brief() {
	within 10 'wait_hold_now t || ! kill -0 $job 2>/dev/null' && [ -n "$HOLD" ]
}

again() {
	for d in deny keep free held; do
		echo x >$D/$d/f
		chmod 644 $D/$d/f
	done
}

# both NAME COMMAND...: % is the folder
both() {
	local name=$1
	shift
	again
	"${@//%/$D/deny}"
	is "$name: control" 0 $?
	again
	agent "${@//%/$D/free}"
	is "$name: allowed" 0 $?
	agent "${@//%/$D/deny}"
	is "$name: refused" $EPERM $?
}

both "a disk of its own" "$PROBE" open-write %/f
both "by handle" "$PROBE" handle-open %/f $D

# What the kernel forgot.
forget() {
	sync
	echo 3 >/proc/sys/vm/drop_caches
}
for _ in 1 2 3; do
	forget
	agent "$PROBE" open-write $D/deny/f
	is "dropped from memory: refused" $EPERM $?
done
forget
agent "$PROBE" open-write $D/free/f
is "dropped from memory: allowed" 0 $?
"$PROBE" handle-keep $D/deny/f /t/r0/handle
forget
"$PROBE" handle-use /t/r0/handle $D/free
is "by a handle that has no name in memory: control" 0 $?
"$PROBE" handle-keep $D/deny/f /t/r0/handle
agent true
forget
agent "$PROBE" handle-use /t/r0/handle $D/free
is "by a handle that has no name in memory: refused" $EPERM $?

# Another file under the number of the one that was asked about.
again
agent_begin "$PROBE" unlink $D/held/f
wait_hold t held/f
first=$HOLD
number=$(stat -c %i $D/held/f)
for _ in 1 2 3 4 5 6 7 8 9; do
	rm -f $D/held/f
	echo other >$D/held/f
	[ "$(stat -c %i $D/held/f)" != "$number" ] || break
done
is "another file has its number: prepared" "$number" "$(stat -c %i $D/held/f)"
approve "$first"
if wait_hold_other "$first" t held/f; then
	ok "another file has its number: another question"
	deny
fi
agent_end
is "another file has its number: not deleted by the old answer" "$EPERM other" "$? $(cat $D/held/f 2>/dev/null)"
echo x >$D/held/f
agent_begin "$PROBE" unlink $D/held/f
wait_hold t held/f && approve
agent_end
is "the same file: deleted by its answer" 0 $?
no "the same file: is gone" '[ -e $D/held/f ]'

# Files that were deleted, and names that only say so.
again
echo x >"$D/deny/f (deleted)" && echo x >"$D/free/f (deleted)"
agent "$PROBE" open-write "$D/free/f (deleted)"
is "a name that says deleted: allowed" 0 $?
agent "$PROBE" open-write "$D/deny/f (deleted)"
is "a name that says deleted: refused" $EPERM $?
again
exec {held_open}<$D/deny/f
rm $D/deny/f
as t "$PROBE" write /proc/self/fd/0 y <&$held_open >/dev/null 2>&1 &
job=$!
! wait_hold_brief || deny
wait $job
is "a deleted file by its descriptor: refused" x "$(cat /proc/self/fd/$held_open)"
exec {held_open}<&-

# Names in another case: one file of many names.
echo x >/t/r0/fat/deny/f && echo x >/t/r0/fat/free/f
agent "$PROBE" open-write /t/r0/fat/free/f
is "a disk without case: allowed" 0 $?
agent "$PROBE" open-write /t/r0/fat/deny/f
is "a disk without case: refused" $EPERM $?
forget
"$PROBE" open-write /t/r0/fat/DENY/F
is "a name in another case: control" 0 $?
umount /t/r0/fat && mount -o loop /tmp/fat.img /t/r0/fat
agent "$PROBE" open-write /t/r0/fat/DENY/F
is "a name in another case: refused" $EPERM $?
agent "$PROBE" open-write /t/r0/fat/FREE/F
is "a name in another case: allowed" 0 $?
umount /t/r0/fat && mount -o loop /tmp/fat.img /t/r0/fat
"$PROBE" open-write /t/r0/fat/deny./f
is "a name with a dot that does not count: control" 0 $?
umount /t/r0/fat && mount -o loop /tmp/fat.img /t/r0/fat
agent_begin "$PROBE" open-write /t/r0/fat/deny./f
wait_hold t unregistered && deny
agent_end
is "a name with a dot that does not count: asked, refused" $EPERM $?
agent "$PROBE" create-excl /t/r0/fat/free/Name-4.txt
is "an ordinary name: allowed" 0 $?

# Attributes and the file system itself, by a descriptor for reading.
again
"$PROBE" set-flags $D/keep/f 0x40
is "chattr: control" 0 $?
again
agent "$PROBE" open-read $D/keep/f
is "chattr: it may be read" 0 $?
agent "$PROBE" chmod $D/keep/f
is "chattr: its mode may not be changed" $EPERM $?
agent "$PROBE" set-flags $D/keep/f 0x80
is "chattr: refused" $EPERM $?
again
"$PROBE" set-flags-32 $D/keep/f 0x40
is "chattr of 32 bits: control" 0 $?
again
agent "$PROBE" set-flags-32 $D/keep/f 0x80
is "chattr of 32 bits: refused" $EPERM $?
agent "$PROBE" set-flags $D/free/f 0x40
is "chattr: allowed" 0 $?
agent "$PROBE" set-flags-32 $D/free/f 0x40
is "chattr of 32 bits: allowed" 0 $?
"$PROBE" freeze $D
is "freezing a file system: control" 0 $?
"$PROBE" thaw $D
agent_begin "$PROBE" freeze $D/keep
wait_hold t '"operation":"mount"' && deny
agent_end
is "freezing a file system: refused" $EPERM $?
"$PROBE" thaw $D
is "freezing a file system: refused, it was not frozen" $EINVAL $?
begin_held t '"operation":"mount"' "$PROBE" freeze $D/keep && approve
agent_end
is "freezing a file system: approved" 0 $?
"$PROBE" thaw $D
is "freezing a file system: approved, it was frozen" 0 $?
umount $D /t/r0/fat
finish
