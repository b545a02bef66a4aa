#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The demonstration on the running kernel; called by demo, as root, in a mount namespace of its own: host.sh STAGE.
# Status 77: this kernel or container does not take the programs; what is in the way is on standard error.
set -u
stage=$1
here=$(cd "$(dirname "$0")" && pwd)
NOT_HERE=77

give_up() { echo "$1" >&2; exit $NOT_HERE; }

# Nothing of the host's is written: what cvfd and the agent write is in memory and goes with this namespace.
make_room() {
	mkdir "$stage/empty" && cp /etc/passwd "$stage/passwd" && cp /etc/group "$stage/group" || return 1
	for user in cvf:64990 cvf-enforce:64991; do
		grep -q "^${user%:*}:" "$stage/passwd" ||
			printf '%s:x:%s:%s::/nonexistent:/usr/sbin/nologin\n' "${user%:*}" "${user#*:}" "${user#*:}" >>"$stage/passwd"
		grep -q "^${user%:*}:" "$stage/group" ||
			printf '%s:x:%s:\n' "${user%:*}" "${user#*:}" >>"$stage/group"
	done
	mount -t tmpfs -o mode=755 tmpfs /mnt && cp -a "$stage/." /mnt/ &&
		mount --bind /mnt/passwd /etc/passwd && mount --bind /mnt/group /etc/group &&
		mount -t tmpfs -o mode=755 tmpfs /run && mount -t tmpfs -o mode=755 tmpfs /srv &&
		mount -t tmpfs -o mode=755 tmpfs /var/lib && mount -t bpf bpf /sys/fs/bpf
}

cleanup() {
	[ -z "${daemon:-}" ] || { kill -TERM "$daemon" 2>/dev/null; wait "$daemon" 2>/dev/null; }
	/mnt/usr/sbin/cvfd --unpin >/dev/null 2>&1
}

make_room 2>/dev/null || give_up "no namespace with file systems of its own could be made"
cat >/mnt/governor <<'GOVERNOR'
#!/bin/sh
exec /mnt/usr/sbin/cvfd-govern --etc /mnt/etc/cvf --config /mnt/etc/cvf/cvfd.json --share /mnt/usr/share/cvf
GOVERNOR
chmod 755 /mnt/governor
trap cleanup EXIT
trap 'exit 130' INT TERM HUP
/mnt/usr/sbin/cvfd --foreground --governor /mnt/governor --quarantine /mnt/usr/sbin/cvfd-quarantine >/mnt/log 2>&1 &
daemon=$!
PATH=/mnt/usr/bin:$PATH
tries=0
until cvfctl status 2>/dev/null | grep -q '^Enforcing'; do
	tries=$((tries + 1))
	if [ $tries -gt 300 ] || ! kill -0 $daemon 2>/dev/null; then
		tail -n 5 /mnt/log >&2
		exit $NOT_HERE
	fi
	sleep 0.2
done
printf 'It runs on the running kernel %s, in a mount namespace that goes when it ends.\n' "$(uname -r)"
sh "$here/inside.sh"
