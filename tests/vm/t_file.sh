#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Every operation on files, by its cell: allowed in scope, refused where a policy denies, out of scope and where nothing was
# granted; and by a process that is no agent's, which is never refused. Names and files behind them: t_path.sh.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
world

# op NAME SETUP EFFECT COMMAND...: % stands for the folder
op() {
	local name=$1 setup=$2 effect=$3 d
	shift 3

	d=/t/deny
	eval "${setup//%/$d}"
	"${@//%/$d}" </dev/null
	is "$name: control" 0 $?
	yes "$name: control has the effect" "${effect//%/$d}"

	for d in /t/r1/in /t/r0; do
		eval "${setup//%/$d}"
		agent "${@//%/$d}"
		is "$name: allowed in $d" 0 $?
		yes "$name: has the effect in $d" "${effect//%/$d}"
	done

	for d in /t/deny /t/r1/out /t/secret; do
		eval "${setup//%/$d}"
		agent "${@//%/$d}"
		is "$name: refused in $d" $EPERM $?
		no "$name: no effect in $d" "${effect//%/$d}"
	done
}

fresh='rm -rf %/f %/g %/d; echo x >%/f; chmod 644 %/f'
op "open for writing" "$fresh" 'grep -q probe %/f' "$PROBE" write %/f
op "open with O_TRUNC" "$fresh" '[ ! -s %/f ]' "$PROBE" open-trunc %/f
op "open for reading with O_TRUNC" "$fresh" '[ ! -s %/f ]' "$PROBE" open-read-trunc %/f
op "creat over a file" "$fresh" '[ ! -s %/f ]' "$PROBE" creat-trunc %/f
op "create" "$fresh" '[ -e %/g ]' "$PROBE" create %/g
op "create with O_EXCL" "$fresh" '[ -e %/g ]' "$PROBE" create-excl %/g
op "create by openat2" "$fresh" '[ -e %/g ]' "$PROBE" openat2-create %/g
op "unlink" "$fresh" '[ ! -e %/f ]' "$PROBE" unlink %/f
op "unlinkat" "$fresh" '[ ! -e %/f ]' "$PROBE" unlinkat %/f
op "mkdir" "$fresh" '[ -d %/d ]' "$PROBE" mkdir %/d
op "rmdir" "$fresh; mkdir %/d" '[ ! -d %/d ]' "$PROBE" rmdir %/d
op "mknod of a fifo" "$fresh" '[ -p %/g ]' "$PROBE" mknod-fifo %/g
op "mknod of a file" "$fresh" '[ -f %/g ]' "$PROBE" mknod-reg %/g
op "symlink" "$fresh" '[ -L %/g ]' "$PROBE" symlink /etc/hostname %/g
op "link" "$fresh" '[ -e %/g ]' "$PROBE" link %/f %/g
op "rename" "$fresh" '[ -e %/g ]' "$PROBE" rename %/f %/g
op "rename without replacing" "$fresh" '[ -e %/g ]' "$PROBE" rename %/f %/g noreplace
op "rename by exchange" "$fresh; echo y >%/g" 'grep -q x %/g' "$PROBE" rename %/f %/g exchange
op "rename of a folder" "$fresh; mkdir %/d; rm -rf %/e" '[ -d %/e ]' "$PROBE" rename %/d %/e
op "truncate" "$fresh" '[ "$(wc -c <%/f)" = 1 ]' "$PROBE" truncate %/f
op "chmod" "$fresh" 'ls -l %/f | grep -q ^-rw-------' "$PROBE" chmod %/f
op "chown" "$fresh" 'ls -ln %/f | grep -q " 1000 "' "$PROBE" chown %/f
op "lchown" "$fresh; ln -s f %/g" 'ls -ln %/g | grep -q " 1000 "' "$PROBE" lchown %/g
op "setxattr" "$fresh" '$PROBE getxattr %/f' "$PROBE" setxattr %/f
op "removexattr" "$fresh; $PROBE setxattr %/f" '! $PROBE getxattr %/f' "$PROBE" removexattr %/f
op "utimensat" "$fresh" 'ls -l --full-time %/f | grep -q 1970' "$PROBE" utimes %/f
op "utimensat with now" "$fresh; touch -d 1980-01-01 %/f" '! ls -l --full-time %/f | grep -q 1980' "$PROBE" touch %/f
echo probe >/t/r0/text
op "a write by AIO" "$fresh" 'grep -q probe %/f' "$PROBE" aio-write %/f
op "splice" "$fresh" 'grep -q probe %/f' "$PROBE" splice-write %/f
op "sendfile" "$fresh" 'grep -q probe %/f' "$PROBE" sendfile-write %/f
op "copy_file_range" "$fresh" 'grep -q probe %/f' "$PROBE" copy-range %/f /t/r0/text
op "a store in a shared mapping" "$fresh" 'grep -q probe %/f' "$PROBE" map-write %/f
op "O_TMPFILE and linkat" "$fresh" '[ -e %/g ]' "$PROBE" tmpfile-link % %/g

# What has no effect on the disk: the status alone tells.
status() {
	local name=$1 d
	shift
	for d in deny r1/in r1/out r0; do
		rm -rf /t/$d/f && echo x >/t/$d/f
	done
	"${@//%//t/deny}"
	is "$name: control" 0 $?
	for d in r1/in r0; do
		agent "${@//%//t/$d}"
		is "$name: allowed in /t/$d" 0 $?
	done
	for d in deny r1/out secret; do
		echo x >/t/$d/f
		agent "${@//%//t/$d}"
		is "$name: refused in /t/$d" $EPERM $?
	done
}

status "read" "$PROBE" open-read %/f
status "read and write" "$PROBE" open-rw %/f
status "append" "$PROBE" open-append %/f
status "list a folder" "$PROBE" open-dir %
status "O_TMPFILE" "$PROBE" tmpfile %
status "O_PATH, then open through /proc" "$PROBE" reopen %/f

# The file must be readable for these: the mapping alone is judged, so a policy denies exec-map and nothing else.
capability t.map HIGH EXECUTE 60 '{"file":[{"path":"/t/r0/map/**","ops":["exec-map"]}]}' >/etc/cvf/capabilities.d/t-map.json
sed 's/"t.sys"/"t.sys","t.map"/' -i /etc/cvf/agents.d/t-t.json
reload
mkdir -p /t/r0/map && cp "$PROBE" /t/r0/map/f && cp "$PROBE" /t/r0/f
for verb in mmap-exec mprotect-exec; do
	"$PROBE" $verb /t/r0/map/f
	is "$verb: control" 0 $?
	agent "$PROBE" $verb /t/r0/f
	is "$verb: allowed" 0 $?
	agent_begin "$PROBE" $verb /t/r0/map/f
	wait_hold t exec-map && deny
	agent_end
	is "$verb: refused" $EPERM $?
	begin_held t exec-map "$PROBE" $verb /t/r0/map/f && approve
	agent_end
	is "$verb: approved" 0 $?
done
rm -f /etc/cvf/capabilities.d/t-map.json
agent "$PROBE" open-read /t/r0/map/f
is "mapping: reading the same file is allowed" 0 $?

# Device nodes are an operation of domain sys.
for verb in mknod-chr mknod-blk; do
	rm -f /t/r0/node
	"$PROBE" $verb /t/r0/node
	is "$verb: control" 0 $?
	rm -f /t/r0/node
	agent_begin "$PROBE" $verb /t/r0/node
	wait_hold t mknod && deny
	agent_end
	is "$verb: denied" $EPERM $?
	no "$verb: denied has no effect" '[ -e /t/r0/node ]'
	agent_begin "$PROBE" $verb /t/r0/node
	wait_hold t mknod && approve
	agent_end
	is "$verb: approved" 0 $?
	yes "$verb: approved has the effect" '[ -e /t/r0/node ]'
	rm -f /t/r0/node
done

# Operations on descriptors that were opened by somebody else: standard input.
descriptor() {
	local name=$1 verb=$2 effect=$3 d
	for d in deny r1/in; do
		rm -f /t/$d/f && echo x >/t/$d/f && chmod 644 /t/$d/f
	done
	"$PROBE" "$verb" <>/t/deny/f
	is "$name: control" 0 $?
	yes "$name: control has the effect" "${effect//%//t/deny}"
	rm -f /t/deny/f && echo x >/t/deny/f
	as t "$PROBE" "$verb" <>/t/deny/f
	is "$name: refused" $EPERM $?
	no "$name: no effect" "${effect//%//t/deny}"
	as t "$PROBE" "$verb" <>/t/r1/in/f
	is "$name: allowed" 0 $?
	yes "$name: has the effect" "${effect//%//t/r1/in}"
}

descriptor "ftruncate" ftruncate-stdin '[ "$(wc -c <%/f)" = 1 ]'
descriptor "fchmod" fchmod-stdin 'ls -l %/f | grep -q ^-rw-------'
descriptor "fchown" fchown-stdin 'ls -ln %/f | grep -q " 1000 "'
descriptor "fsetxattr" fsetxattr-stdin '$PROBE getxattr %/f'
descriptor "futimens" futimes-stdin 'ls -l --full-time %/f | grep -q 1970'

# io_uring and a hold: its calls cannot wait, so what needs an approval is refused.
uring() {
	local verb=$1 effect=$2 d
	for d in deny r0 r2; do
		rm -f /t/$d/g && echo x >/t/$d/f
	done
	"$PROBE" "$verb" "/t/deny/$3"
	is "$verb: control" 0 $?
	yes "$verb: control has the effect" "${effect//%//t/deny}"
	rm -f /t/deny/g && echo x >/t/deny/f
	agent "$PROBE" "$verb" "/t/r0/$3"
	is "$verb: allowed" 0 $?
	yes "$verb: has the effect" "${effect//%//t/r0}"
	for d in deny r2; do
		agent "$PROBE" "$verb" "/t/$d/$3"
		is "$verb: refused in /t/$d" $EPERM $?
		no "$verb: no effect in /t/$d" "${effect//%//t/$d}"
	done
}

agent_begin "$PROBE" io-uring
wait_hold t io_uring && deny
agent_end
is "io_uring: denied" $EPERM $?
sys_risk LOW
agent "$PROBE" io-uring
is "io_uring: low risk" 0 $?
uring uring-open '[ -e %/g ]' g
uring uring-open-async '[ -e %/g ]' g
uring uring-unlink '[ ! -e %/f ]' f
yes "io_uring: the reason is cannot-hold" 'wait_event t cannot-hold /t/r2/f'
uring sqpoll-create '[ -e %/g ]' g

# Rings that were there before: who asks is judged, and the kernel's thread of a ring has the label of its process.
rm -f /t/deny/g /t/r0/g
"$PROBE" with-ring "$PROBE" ring-stdin /t/deny/g
is "a ring from somebody else: control" 0 $?
rm -f /t/deny/g
"$PROBE" with-ring cvfctl run --agent t -- "$PROBE" ring-stdin /t/r0/g
is "a ring from somebody else: allowed" 0 $?
"$PROBE" with-ring cvfctl run --agent t -- "$PROBE" ring-stdin /t/deny/g
is "a ring from somebody else: refused" $EPERM $?
no "a ring from somebody else: no effect" '[ -e /t/deny/g ]'
# later FOLDER [attach]: the status of one that made its ring first
later() {
	local pid
	rm -f /tmp/go /tmp/go.waiting "$1/g"
	"$PROBE" sqpoll-after /tmp/go "$1/g" >/dev/null &
	pid=$!
	within 10 '[ -e /tmp/go.waiting ]'
	[ "${2:-}" != attach ] || cvfctl agent attach t --pid $pid >/tmp/attach.log 2>&1
	: >/tmp/go
	wait $pid
}
later /t/deny
is "a ring older than the label: control" 0 $?
later /t/r0 attach
is "a ring older than the label: allowed" 0 $?
later /t/deny attach
is "a ring older than the label: refused" $EPERM $?
no "a ring older than the label: no effect" '[ -e /t/deny/g ]'

# Many at once, on all processors: nobody gets what another one is told.
echo x >/t/r0/f && echo x >/t/deny/f
"$PROBE" mix /t/r0/f /t/deny/f 20
is "many at once: control" 100 $?
agent "$PROBE" mix /t/r0/f /t/deny/f 300
is "many at once: each gets its own verdict" 0 $?

# What is taken out without read().
for verb in splice-read sendfile-read; do
	echo secret >/t/deny/f && echo open >/t/r0/f
	is "$verb: control" secret "$("$PROBE" $verb /t/deny/f | cat)"
	agent bash -c "$PROBE $verb /t/r0/f | busybox cat"
	is "$verb: allowed" open "$(cat $OUT)"
	agent bash -c "$PROBE $verb /t/deny/f | busybox cat"
	is "$verb: refused" "" "$(cat $OUT)"
done

# Moving between file systems is reading, creating and deleting.
for d in r0 deny; do
	mkdir -p /t/$d/other && mount -t tmpfs probe /t/$d/other
done
echo x >/t/deny/other/f && echo x >/t/r0/f && echo x >/t/r0/g
mv /t/deny/other/f /t/deny/f && mv /t/deny/f /t/deny/other/f
agent /bin/busybox mv /t/r0/f /t/r0/other/moved
yes "a move to another file system: allowed" '[ -e /t/r0/other/moved ] && [ ! -e /t/r0/f ]'
agent /bin/busybox mv /t/r0/g /t/deny/other/moved
yes "a move into a refused file system: nothing moved" '[ -e /t/r0/g ] && [ ! -e /t/deny/other/moved ]'
agent /bin/busybox mv /t/deny/other/f /t/r0/other/taken
yes "a move out of a refused file system: nothing moved" '[ -e /t/deny/other/f ] && [ ! -s /t/r0/other/taken ]'
umount /t/r0/other /t/deny/other && rmdir /t/r0/other /t/deny/other
finish
