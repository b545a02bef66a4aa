#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Many names, one object: whatever name an agent uses, the place that the kernel found is judged, and events show it.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
world

# both NAME OTHER FORBIDDEN COMMAND...: % is OTHER (allowed) or FORBIDDEN (refused), two names that differ in one thing.
# The control uses FORBIDDEN; `again` puts right what it used up.
again=
both() {
	local name=$1 good=$2 bad=$3
	shift 3
	"${@//%/$bad}"
	is "$name: control" 0 $?
	eval "${again//%/$bad}"
	agent "${@//%/$good}"
	is "$name: allowed" 0 $?
	agent "${@//%/$bad}"
	is "$name: refused" $EPERM $?
}

echo x >/t/r0/f
echo x >/t/deny/f
mkdir -p /t/r0/names
ln -s /t/deny/f /t/r0/names/bad
ln -s /t/r0/f /t/r0/names/good
ln -s /t/deny /t/r0/names/baddir
ln -s /t/r0 /t/r0/names/gooddir
both "symlink to a file" /t/r0/names/good /t/r0/names/bad "$PROBE" open-write %
both "symlink to a folder" /t/r0/names/gooddir /t/r0/names/baddir "$PROBE" open-write %/f
again='rm -f %/dangling'
both "create through a dangling symlink" /t/r0/names/gooddir /t/r0/names/baddir "$PROBE" create %/dangling
again=
yes "the event shows the file, not the link" 'wait_event t "\"object\":\"/t/deny/f\"" deny'
both "relative name" /t/r0 /t/deny "$PROBE" chdir % open-write f
both "dots" /t/r0/names/../f /t/r0/../deny/f "$PROBE" open-write %
both "many slashes" /t//r0///f /t/r0//..//deny//f "$PROBE" open-write %
both "/proc/self/root" /proc/self/root/t/r0/f /proc/self/root/t/deny/f "$PROBE" open-write %
both "/proc/self/cwd" /t/r0 /t/deny "$PROBE" chdir % open-write /proc/self/cwd/f
again='rm -f %'
both "a name that is not there yet" /t/r0/new1 /t/deny/new1 "$PROBE" create-excl %
again=
agent "$PROBE" create-excl /t/deny/new2
is "a name that is not there yet: refused" $EPERM $?
no "a name that is not there yet: not made" '[ -e /t/deny/new2 ]'

# Both names of a link or a rename count.
echo x >/t/deny/f
rm -f /t/r0/l /t/r0/f2 /t/deny/l
agent "$PROBE" link /t/deny/f /t/r0/l
is "link out of a denied folder" $EPERM $?
no "link out of a denied folder: not made" '[ -e /t/r0/l ]'
echo x >/t/r0/f2
agent "$PROBE" link /t/r0/f2 /t/deny/l
is "link into a denied folder" $EPERM $?
agent "$PROBE" link /t/r0/f2 /t/r0/l
is "link between free names" 0 $?
agent "$PROBE" rename /t/r0/f2 /t/deny/l
is "rename into a denied folder" $EPERM $?
rm -f /t/r0/g
agent "$PROBE" rename /t/deny/f /t/r0/g
is "rename out of a denied folder" $EPERM $?
yes "rename out of a denied folder: nothing moved" '[ -e /t/deny/f ] && [ ! -e /t/r0/g ]'
yes "the event of a rename has both names" 'wait_event t "/t/deny/f" "/t/r0/g"'
agent "$PROBE" rename /t/r0/f2 /t/deny/f exchange
is "exchange with a denied file" $EPERM $?
agent_begin "$PROBE" rename /t/r0/f2 /t/r2/moved
wait_hold t /t/r2/moved && approve
agent_end
is "rename into a held folder: approved" 0 $?
yes "rename into a held folder: moved" '[ -e /t/r2/moved ]'
# A hard link that somebody else made is a name of its own: judged by the name that was used.
echo x >/t/r0/shared && ln -f /t/r0/shared /t/deny/shared
both "hard link" /t/r0/shared /t/deny/shared "$PROBE" open-write %

# Folders that move take what was remembered about them with them.
mkdir -p /t/r0/a/b/c && echo x >/t/r0/a/b/c/f
agent "$PROBE" open-write /t/r0/a/b/c/f
is "before its parent moves: allowed" 0 $?
agent "$PROBE" open-write /t/r0/a/b/c/f
mv /t/r0/a /t/deny/a
agent "$PROBE" open-write /t/deny/a/b/c/f
is "after its parent moved: refused" $EPERM $?
mv /t/deny/a /t/r0/a
agent "$PROBE" open-write /t/r0/a/b/c/f
is "after its parent moved back: allowed" 0 $?
agent_begin "$PROBE" chdir /t/r0/a/b/c after /t/r0/go open-write f
within 5 '[ -e /t/r0/go.waiting ]'
mv /t/r0/a /t/deny/a
: >/t/r0/go
agent_end
is "a working folder that moved meanwhile: refused" $EPERM $?
mv /t/deny/a /t/r0/a
agent "$PROBE" chdir /t/r0/a/b/c open-write f
is "a working folder that did not: allowed" 0 $?
mkdir -p /t/deny/x /t/r0/x && echo x >/t/deny/x/f && echo x >/t/r0/x/f
agent "$PROBE" open-write /t/r0/x/f
"$PROBE" rename /t/r0/x /t/deny/x exchange
agent "$PROBE" open-write /t/deny/x/f
is "after folders were exchanged: refused" $EPERM $?
agent "$PROBE" open-write /t/r0/x/f
is "after folders were exchanged: allowed" 0 $?
for i in 1 2 3; do
	mv /t/r0/x /t/deny/y
	agent "$PROBE" open-write /t/deny/y/f
	is "moved to and fro, $i: refused" $EPERM $?
	mv /t/deny/y /t/r0/x
	agent "$PROBE" open-write /t/r0/x/f
	is "moved to and fro, $i: allowed" 0 $?
done

# Long and strange names.
for n in 1000 4000; do
	"$PROBE" long-path prepare /t/deny $n
	is "path of $n bytes: prepared" 0 $?
	"$PROBE" long-path prepare /t/r0 $n
	agent "$PROBE" long-path open /t/r0 $n
	is "path of $n bytes: allowed" 0 $?
	agent "$PROBE" long-path open /t/deny $n
	is "path of $n bytes: refused" $EPERM $?
	agent "$PROBE" long-path unlink /t/deny $n
	is "path of $n bytes: delete refused" $EPERM $?
	"$PROBE" long-path open /t/deny $n
	is "path of $n bytes: still there" 0 $?
done
"$PROBE" long-path prepare /t/r2 4000
agent_begin "$PROBE" long-path unlink /t/r2 4000
if wait_hold t delete; then
	yes "path of 4000 bytes: all of it is shown" '[ ${#HOLD_JSON} -gt 4000 ]'
	approve
else
	not_ok "path of 4000 bytes: held" "no hold"
fi
agent_end
is "path of 4000 bytes: approved" 0 $?
"$PROBE" long-path open /t/r2 4000
is "path of 4000 bytes: gone" $ENOENT $?

strange=$'new\nline \xff\xfe "quoted" \\ \e[31m \xe2\x80\xae'
touch "/t/r0/$strange" "/t/deny/$strange" "/t/r2/$strange"
agent "$PROBE" unlink "/t/r0/$strange"
is "strange name: allowed" 0 $?
agent "$PROBE" unlink "/t/deny/$strange"
is "strange name: refused" $EPERM $?
yes "strange name: still there" '[ -e "/t/deny/$strange" ]'
agent_begin "$PROBE" unlink "/t/r2/$strange"
if wait_hold t delete; then
	yes "strange name: one line of JSON" 'printf "%s" "$HOLD_JSON" | grep -q "new.nline"'
	no "strange name: no escape sequence on the terminal" 'cvfctl approvals | grep -q "$(printf "\033")"'
	no "strange name: no text direction on the terminal" 'cvfctl approvals | grep -q "$(printf "\342\200\256")"'
	approve
else
	not_ok "strange name: held" "no hold"
fi
agent_end
is "strange name: approved" 0 $?
no "strange name: gone" '[ -e "/t/r2/$strange" ]'

# Mounts: the place where it is seen counts, not where it comes from.
mkdir -p /t/r0/bound /t/deny/bound /t/r0/source /t/deny/source /t/r0/top /t/deny/top
echo x >/t/r0/source/f
echo x >/t/deny/source/f
mount --bind /t/deny/source /t/r0/bound
mount --bind /t/r0/source /t/deny/bound
both "bind mount" /t/r0/bound /t/deny/bound "$PROBE" open-write %/f
again='rm -f %/made'
both "bind mount, create" /t/r0/bound /t/deny/bound "$PROBE" create-excl %/made
again=
# The hooks of these calls carry no mount, so the place behind the mount counts.
agent "$PROBE" setxattr /t/r0/bound/f
is "bind mount of a denied folder, setxattr: refused" $EPERM $?
agent "$PROBE" chmod /t/deny/bound/f
is "bind mount on a denied folder, chmod: refused" $EPERM $?
umount /t/r0/bound /t/deny/bound
for d in r0 deny; do
	mount -t tmpfs probe /t/$d/top
	echo x >/t/$d/top/f
done
both "a mount on top" /t/r0/top /t/deny/top "$PROBE" open-write %/f
again='mv %/g %/f'
both "a mount on top, rename" /t/r0/top /t/deny/top "$PROBE" rename %/f %/g
again=
mount -t tmpfs probe /t/r0/top
agent "$PROBE" create /t/r0/top/h
is "a mount on a mount: allowed" 0 $?
umount /t/r0/top /t/r0/top /t/deny/top

# overlayfs opens the layers' files inside of its own open: one access, judged by the overlay's path alone.
modprobe overlay 2>/dev/null
overlay() {
	rm -rf "$2" && mkdir -p "$1" "$2/lower" "$2/upper" "$2/work"
	echo lower >"$2/lower/f"
	echo lower >"$2/lower/g"
	mount -t overlay overlay -o "lowerdir=$2/lower,upperdir=$2/upper,workdir=$2/work" "$1"
}
overlay /t/r0/merged /t/deny/layers
overlay /t/deny/merged /t/r0/layers
both "overlay: read of the lower layer" /t/r0/merged /t/deny/merged "$PROBE" open-read %/f
both "overlay: copy up" /t/r0/merged /t/deny/merged "$PROBE" open-write %/f
both "overlay: chmod copies up" /t/r0/merged /t/deny/merged "$PROBE" chmod %/g
again='rm %/made'
both "overlay: create" /t/r0/merged /t/deny/merged "$PROBE" create-excl %/made
again=
echo x >/t/deny/merged/made
again='mv %/made2 %/made'
both "overlay: rename" /t/r0/merged /t/deny/merged "$PROBE" rename %/made %/made2
again=
again='echo x >%/f'
both "overlay: delete of the lower layer" /t/r0/merged /t/deny/merged "$PROBE" unlink %/f
again=
umount /t/r0/merged /t/deny/merged
for op in "cat read" "write write"; do
	overlay /t/r2/merged /t/deny/layers
	agent_begin "$PROBE" ${op% *} /t/r2/merged/f
	if wait_hold t "\"operation\":\"${op#* }\""; then
		is "overlay: ${op#* } is held by the overlay's path" /t/r2/merged/f "$(printf '%s\n' "$HOLD_JSON" | field object)"
		approve
	else
		not_ok "overlay: ${op#* } is held" "$(holds)"
	fi
	agent_end
	is "overlay: ${op#* } approved with one answer" 0 $?
	umount /t/r2/merged
done
is "overlay: what was written is in the upper layer" probe "$(cat /t/deny/layers/upper/f)"

# A root of its own, a mount that is attached nowhere: for an agent that may do that.
sys_risk LOW
echo x >/t/r0/f
echo x >/t/deny/f
both "chroot" /t/r0 /t/deny "$PROBE" in-root % open-write /f
agent "$PROBE" open-tree /t/r0 f
is "a mount that is attached nowhere: refused" $EPERM $?
"$PROBE" open-tree /t/r0 f
is "a mount that is attached nowhere: control" 0 $?
yes "a mount that is attached nowhere: the reason" 'wait_event t unreachable'
finish
