#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Agents as a Debian host has them: a system service that a pattern of cgroups names, the shells of a plain user by su, login and ssh,
# programs in rootless containers of bubblewrap and podman; each with what it may, what it may not, and a twin who is nobody's.
# limit: 900

# shellcheck source=tests/vm/i_lib.sh
. "$(dirname "$0")/i_lib.sh"

useradd -m -u 1001 -s /bin/bash coder
cp /bin/cat /usr/local/bin/boxed
declare_agent service '"match":{"cgroup":["/system.slice/coder-*.service"]},'
declare_agent person '"match":{"uid":[1001]},'
declare_agent boxed '"match":{"exe":["/usr/local/bin/boxed"]},'
declared boxed
chmod 644 /srv/i/denied/secret /srv/i/free/plain

# tries NAME WANTED COMMAND...: the command's cat of both files prints WANTED alone
tries() {
	local name=$1 wanted=$2
	shift 2
	"$@" </dev/null >/tmp/out 2>/tmp/err
	is "$name" "$wanted" "$(grep -xE 'secret|plain' /tmp/out | xargs)" || true
	[ "$(grep -xE 'secret|plain' /tmp/out | xargs)" = "$wanted" ] || sed 's/^/# /' /tmp/err /tmp/out | tail -n 20
}
BOTH='cat /srv/i/denied/secret; cat /srv/i/free/plain'

# --- a service
# 219 is a race of systemd with itself: see cvfd(8).
until_started() {
	local status=219
	while [ $status = 219 ]; do
		systemd-run --quiet --wait --collect --pipe "$@" /bin/sh -c "$BOTH"
		status=$?
	done
}
service() {
	until_started --unit="$1"
}
tries "a service: its pattern names it" plain service coder-1
tries "a service: its twin of another name" "secret plain" service other-1
service_of_user() {
	until_started --uid=1000 --unit="$1"
}
tries "a service of a user: its pattern names it" plain service_of_user coder-2
tries "a service of a user: its twin of another name" "secret plain" service_of_user other-2

# --- a person
tries "su: the agent's" plain su - coder -c "$BOTH"
tries "su: its twin, another user" "secret plain" su - dev -c "$BOTH"
mkdir -p /root/.ssh
ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id
for user in coder dev; do
	install -d -o $user -g $user -m 700 /home/$user/.ssh
	install -o $user -g $user -m 600 /root/.ssh/id.pub /home/$user/.ssh/authorized_keys
done
# by_ssh USER [COMMAND]
by_ssh() {
	ssh -q -i /root/.ssh/id -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null "$1@127.0.0.1" "${2:-$BOTH}"
}
tries "ssh: the agent's" plain by_ssh coder
tries "ssh: its twin, another user" "secret plain" by_ssh dev
by_login() {
	printf '%s\nexit\n' "$BOTH" | script -qec "login -f $1" /dev/null | tr -d '\r'
}
tries_login() {
	by_login "$2" >/tmp/out 2>/tmp/err
	is "$1" "$3" "$(grep -xE 'secret|plain' /tmp/out | xargs)"
}
tries_login "login: the agent's" coder plain
tries_login "login: its twin, another user" dev "secret plain"
tries "a shell's child in the background: the agent's" plain su - coder -c "setsid sh -c '($BOTH) >/tmp/background 2>/dev/null'; cat /tmp/background"
yes "sessions are of the agent" "wait_event person /srv/i/denied/secret deny"

# --- rootless containers: dev is nobody's, what it starts in them is an agent by its program
BOXED='/usr/local/bin/boxed /srv/i/denied/secret; /usr/local/bin/boxed /srv/i/free/plain'
in_bwrap() {
	su - dev -c "bwrap --unshare-all --ro-bind / / --proc /proc --dev /dev /bin/sh -c '$1'"
}
tries "bubblewrap: an agent's program" plain in_bwrap "$BOXED"
tries "bubblewrap: its twin, another program" "secret plain" in_bwrap "$BOTH"
# An agent that would make a container: user namespaces need an approval.
# Not by su: it stops itself when its child is stopped, and nobody wakes it.
by_ssh coder "bwrap --unshare-all --ro-bind / / true" </dev/null >/tmp/out 2>&1 &
job=$!
yes "bubblewrap by an agent waits for an approval" "wait_hold person"
yes "bubblewrap by an agent: denied, it ends" "within 60 'deny_all; ! kill -0 $job 2>/dev/null'"
wait $job
no "bubblewrap by an agent: denied, there is none" "[ $? = 0 ]"

ROOTFS=/home/dev/rootfs
make_rootfs() {
	local file
	mkdir -p $ROOTFS/{bin,usr/bin,usr/local/bin,proc,sys,dev,tmp,etc,run,srv/i}
	for file in /bin/sh /bin/cat; do
		ldd $file | grep -o '/[^ )]*' | xargs -I{} cp -L --parents {} $ROOTFS 2>/dev/null
		cp -L $file $ROOTFS/bin/
	done
	cp /bin/cat $ROOTFS/usr/local/bin/boxed
	chown -R dev: $ROOTFS
}
make_rootfs
grep -q '^dev:' /etc/subuid || { echo dev:100000:65536 >>/etc/subuid && echo dev:100000:65536 >>/etc/subgid; }
loginctl enable-linger dev
within 60 '[ -S /run/user/1000/bus ]'
in_podman() {
	su - dev -c "XDG_RUNTIME_DIR=/run/user/1000 podman run --rm --network=none --log-driver=none -v /srv/i:/srv/i --rootfs $ROOTFS /bin/sh -c '$1'"
}
tries "podman: an agent's program" plain in_podman "$BOXED"
tries "podman: its twin, another program" "secret plain" in_podman "$BOTH"
finish
