#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Acting through others, under the shipped declarations: what an agent of the profile "coding" may not connect to, write, run
# or open, because somebody else would do the rest. Tables of places; beside each kind stand places that differ in one thing and
# are free. A rule refuses at once what would be asked about, but for a few places where a person is asked.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
world
world_end

WORK=/srv/p/work
export HOME=/root
mkdir -p $WORK
# A program of the system, which this agent may run.
PROBE=/usr/bin/probe
cp "$HERE/probe" $PROBE
printf '{"schema":"cvf.agent/v1","id":"p","name":"p","owner":"test","profile":"coding","mode":"enforce","scope":{"paths":["%s/**"],"net":[]}}\n' \
	$WORK >/etc/cvf/agents.d/t-p.json
sed 's/"p"/"asks"/g' /etc/cvf/agents.d/t-p.json >/etc/cvf/agents.d/t-asks.json
cat >/etc/cvf/policies.d/t-p.json <<-'POLICY'
{"schema":"cvf.policy/v1","id":"t-p","priority":500,"rules":[
 {"id":"nobody-is-asked","when":{"agent":["p"],"risk":["HIGH","CRITICAL"]},"effect":"DENY","reason":"nobody is asked here"}]}
POLICY
reload

# lines KIND STATUS FILE: which lines of what `each` printed have not that status
others() {
	grep -v "^$1 " "$2"
}

# --- sockets ------------------------------------------------------------------

# Places where others listen who act for whoever asks.
cat >/tmp/sockets.bad <<-'PLACES'
/run/docker.sock
/run/containerd/containerd.sock
/run/podman/podman.sock
/run/user/1000/podman/podman.sock
/run/user/1000/docker.sock
/run/crio/crio.sock
/run/buildkit/buildkitd.sock
/run/k3s/containerd/containerd.sock
/run/libvirt/libvirt-sock
/run/snapd.socket
/var/lib/lxd/unix.socket
/var/lib/incus/unix.socket
/root/.docker/run/docker.sock
@/containerd-shim/moby/x/shim.sock
/run/dbus/system_bus_socket
/run/user/1000/bus
/tmp/dbus-Ab12
@/tmp/dbus-Ab12
/run/user/1000/at-spi/bus
/run/user/1000/gvfsd/socket-1
/run/systemd/private
/run/user/1000/systemd/private
/run/user/1000/gnupg/S.gpg-agent
/root/.gnupg/S.gpg-agent
/tmp/gpg-Ab12/S.gpg-agent
/tmp/ssh-Ab12/agent.12
/root/.ssh/master-dev@host:22
/run/user/1000/keyring/control
/run/user/1000/keyring/ssh
/tmp/keyring-Ab12/control
/run/pcscd/pcscd.comm
/tmp/tmux-1000/default
/run/screen/S-dev/1.pts
/tmp/screens/S-dev/1.pts
/tmp/kitty-1000/socket
/tmp/mykitty-12
@mykitty
/tmp/emacs1000/server
/run/user/1000/emacs/server
/tmp/nvim.dev/Ab12/nvim.1.0
/run/user/1000/nvim.1.0
/run/user/1000/wezterm/sock
/tmp/dtach-shell
/tmp/vscode-ipc-1.sock
/tmp/vscode-git-1.sock
/run/user/1000/vscode-ipc-1.sock
/tmp/cursor-ipc-1.sock
/tmp/.X11-unix/X7
@/tmp/.X11-unix/X7
/tmp/.ICE-unix/7
/run/user/1000/wayland-0
/run/user/1000/pipewire-0
/tmp/pulse-Ab12/native
/nix/var/nix/daemon-socket/socket
/tmp/watchman-dev/sock
/run/postgresql/.s.PGSQL.5432
/tmp/.s.PGSQL.5432
/run/NetworkManager/private
/run/udev/control
/run/other.sock
/srv/other.sock
@other
PLACES
cat >/tmp/sockets.good <<-'PLACES'
/srv/p/work/docker.sock
/srv/p/work/tmux-1000/default
/srv/p/work/bus
/tmp/app.sock
/tmp/app/agent.12
/dev/shm/app.sock
/run/systemd/journal/socket.test
PLACES
sort -u /tmp/sockets.bad /tmp/sockets.good | grep -v '^@' | while read -r place; do mkdir -p "${place%/*}"; done
# What the machine has itself is left alone: it is not listened on here.
cat /tmp/sockets.bad /tmp/sockets.good | while read -r place; do [ -S "$place" ] || echo "$place"; done >/tmp/sockets.all
rm -f /tmp/sockets.seen
"$PROBE" serve-list /tmp/sockets.all /tmp/sockets.seen </dev/null &
servers+=($!)
disown
within 10 '[ -e /tmp/sockets.seen ]' || not_ok "the sockets" "nobody listens"
for kind in bad good; do
	grep -x -F -f /tmp/sockets.all /tmp/sockets.$kind | sed 's/^/unix-connect /' >/tmp/each.$kind
done
yes "sockets: there are enough of them" '[ $(wc -l </tmp/each.bad) -ge 55 ] && [ $(wc -l </tmp/each.good) -ge 6 ]'
"$PROBE" each /tmp/each.bad >/tmp/out
is "sockets: control connects to all" "" "$(others 0 /tmp/out)"
yes "sockets: control arrives" 'within 5 "[ \$(sort -u /tmp/sockets.seen | wc -l) = \$(wc -l </tmp/each.bad) ]"'
: >/tmp/sockets.seen
as p "$PROBE" each /tmp/each.good >/tmp/out
is "sockets: those in scope, allowed" "" "$(others 0 /tmp/out)"
as p "$PROBE" each /tmp/each.bad >/tmp/out
is "sockets: each refused" "" "$(others $EPERM /tmp/out)"
as asks "$PROBE" each /tmp/each.bad >/tmp/out
is "sockets: each refused where a person would be asked" "" "$(others $EPERM /tmp/out)"
"$PROBE" unix-connect /srv/p/work/bus
yes "sockets: what was refused did not arrive" 'within 5 "[ \$(grep -c . /tmp/sockets.seen) -gt \$(wc -l </tmp/each.good) ]" && ! grep -q -x -F -f /tmp/sockets.bad /tmp/sockets.seen'
servers_end
while read -r place; do
	case $place in @*) ;; *) rm -f "$place" ;; esac
done </tmp/sockets.all

# --- files that others act on later -------------------------------------------

cat >/tmp/files.bad <<-'PLACES'
/etc/cron.d/x
/etc/cron.daily/x
/etc/crontab
/etc/anacrontab
/var/spool/cron/crontabs/root
/var/spool/cron/atjobs/a00001
/etc/logrotate.d/x
/etc/systemd/system/x.service
/etc/systemd/system/x.timer
/run/systemd/system/x.service
/usr/lib/systemd/system/x.service
/root/.config/systemd/user/x.service
/etc/init.d/x
/etc/rc.local
/etc/profile.d/x.sh
/etc/bash.bashrc
/root/.bashrc
/root/.profile
/root/.zshrc
/root/.ssh/authorized_keys
/root/.ssh/rc
/root/.ssh/config
/etc/ssh/sshd_config
/etc/ld.so.preload
/etc/ld.so.conf.d/x.conf
/etc/pam.d/x
/etc/sudoers.d/x
/etc/apt/apt.conf.d/99x
/etc/dpkg/dpkg.cfg.d/x
/var/lib/dpkg/info/x.postinst
/etc/udev/rules.d/x.rules
/etc/NetworkManager/dispatcher.d/x
/etc/polkit-1/rules.d/x.rules
/usr/share/dbus-1/system-services/x.service
/root/.local/share/dbus-1/services/x.service
/etc/xdg/autostart/x.desktop
/root/.config/autostart/x.desktop
/usr/lib/python3/dist-packages/x.pth
/root/.local/lib/python3.11/site-packages/x.pth
/root/.local/bin/ls
/root/.gitconfig
/root/.config/git/config
/root/.vimrc
/root/.forward
/root/.npmrc
/root/.claude/settings.json
/root/.claude.json
/root/.codex/config.toml
/root/.gemini/settings.json
/root/.cursor/mcp.json
/root/.config/Code/User/settings.json
/root/.vscode/argv.json
/root/.vscode-server/data/Machine/settings.json
/srv/p/work/.git/hooks/pre-commit
/srv/p/work/sub/.git/hooks/post-checkout
/srv/p/work/.vscode/tasks.json
/srv/p/work/.idea/workspace.xml
/srv/p/work/.husky/pre-push
/srv/p/work/.envrc
/srv/p/work/.mcp.json
/srv/p/work/.pre-commit-config.yaml
/srv/p/work/.claude/settings.json
/srv/p/work/.cursor/mcp.json
/srv/p/work/.gemini/settings.json
/srv/p/work/.codex/config.toml
/srv/p/work/opencode.json
/var/lib/docker/volumes/x/_data/f
/srv/other/f
PLACES
cat >/tmp/files.good <<-'PLACES'
/srv/p/work/cron.d/x
/srv/p/work/bashrc
/srv/p/work/hooks/pre-commit
/srv/p/work/.git/hooks/pre-commit.sample
/srv/p/work/.git/config.x
/srv/p/work/vscode/tasks.json
/srv/p/work/Makefile
/tmp/x.service
PLACES
cat /tmp/files.bad /tmp/files.good | while read -r place; do
	mkdir -p "${place%/*}"
	[ -e "$place" ] || echo "$place"
done >/tmp/files.fresh
# What is there is only opened; what is not is made, with its content.
for kind in bad good; do
	while read -r place; do
		if grep -q -x -F "$place" /tmp/files.fresh; then echo "write $place"; else echo "open-write $place"; fi
	done </tmp/files.$kind >/tmp/each.$kind
done
there() {
	while read -r place; do [ ! -e "$place" ] || echo "$place"; done </tmp/files.fresh
}
sweep() {
	while read -r place; do rm -f "$place"; done </tmp/files.fresh
}
"$PROBE" each /tmp/each.bad >/tmp/out
is "files that run later: control writes all" "" "$(others 0 /tmp/out)"
sweep
as p "$PROBE" each /tmp/each.bad >/tmp/out
is "files that run later: each refused" "" "$(others $EPERM /tmp/out)"
is "files that run later: none was made" "" "$(there)"
as p "$PROBE" each /tmp/each.good >/tmp/out
is "files beside them: each allowed" "" "$(others 0 /tmp/out)"
sweep
# The same by another name: moved into place, linked, and the folder that is to be one of them.
echo x >$WORK/made && mkdir -p $WORK/.git && rm -rf $WORK/folder && mkdir -p $WORK/folder
sed "s,^[a-z-]* ,rename $WORK/made ,; t" /tmp/each.bad | grep -x -F -f <(sed "s,^,rename $WORK/made ," /tmp/files.fresh) |
	grep -v ' /run/' >/tmp/each.rename # that is another file system
as p "$PROBE" each /tmp/each.rename >/tmp/out
is "files that run later, by rename: each refused" "" "$(others $EPERM /tmp/out)"
yes "files that run later, by rename: nothing moved" '[ -e $WORK/made ] && [ -z "$(there)" ]'
# Where a person is asked, the answer decides.
for answer in deny approve; do
	as asks "$PROBE" write /etc/cron.d/$answer >/tmp/asked.log 2>&1 &
	job=$!
	wait_hold asks /etc/cron.d/$answer && $answer
	wait $job
done
no "a job of cron: denied, not made" '[ -e /etc/cron.d/deny ]'
yes "a job of cron: approved, made" '[ -e /etc/cron.d/approve ]'
rm -f /etc/cron.d/approve

# --- programs, devices, namespaces, secrets of elsewhere ------------------------

modprobe -a fuse uinput loop 2>/dev/null
mkdir -p /root/.kube /run/secrets/kubernetes.io /root/.aws /run/netns
echo secret >/root/.kube/config && echo secret >/run/secrets/kubernetes.io/token && echo secret >/root/.aws/credentials
: >/run/netns/other
/bin/busybox unshare -n /bin/busybox mount --bind /proc/self/ns/net /run/netns/other 2>/dev/null
cat >/tmp/each.bad <<-'TABLE'
open-read /root/.kube/config
open-read /run/secrets/kubernetes.io/token
open-read /root/.aws/credentials
open-read /dev/fuse
open-rw /dev/loop-control
open-write /dev/uinput
join /run/netns/other
TABLE
printf 'open-read %s\nopen-read /proc/self/status\njoin /proc/self/ns/net\nopen-read /etc/passwd\n' $WORK/Makefile >/tmp/each.good
echo all: >$WORK/Makefile
sed '/^join/d' /tmp/each.bad >/tmp/each.control
"$PROBE" each /tmp/each.control >/tmp/out
is "devices and secrets: control opens all" "" "$(others 0 /tmp/out)"
"$PROBE" join /run/netns/other
is "another network: control" 0 $?
as p "$PROBE" each /tmp/each.bad >/tmp/out
is "devices, secrets, another network: each refused" "" "$(others $EPERM /tmp/out)"
as p "$PROBE" each /tmp/each.good >/tmp/out
is "what is beside them: each allowed" "" "$(others 0 /tmp/out)"
as p "$PROBE" join /proc/1/ns/net
no "the network of process 1: refused" '[ $? = 0 ]'
umount /run/netns/other 2>/dev/null
rm -rf /root/.kube /run/secrets /root/.aws /run/netns
made=
for name in sudo pkexec docker podman ssh kubectl socat; do
	[ -e /usr/bin/$name ] || { cp "$PROBE" /usr/bin/$name && made="$made $name"; }
done
rm -f $WORK/said
for name in $made; do
	as p "$PROBE" exec /usr/bin/$name say $WORK/said $name
	is "$name: refused" $EPERM $?
done
as p "$PROBE" exec /usr/bin/env "$PROBE" say $WORK/said env
is "programs that act elsewhere: what ran" env "$(cat $WORK/said)"
for name in $made; do
	rm -f /usr/bin/$name
done

# --- terminals and memory of others -------------------------------------------

"$PROBE" terminal /tmp/terminal.name /tmp/terminal.out &
servers+=($!)
disown
within 10 '[ -s /tmp/terminal.name ]'
terminal=$(cat /tmp/terminal.name)
"$PROBE" open-rw "$terminal"
is "another terminal: control" 0 $?
for verb in open-write open-read open-rw; do
	as p "$PROBE" $verb "$terminal" </dev/null >/dev/null 2>&1
	is "another terminal: $verb" $EPERM $?
done
as p "$PROBE" type-into "$terminal" evil </dev/null >/dev/null 2>&1
no "another terminal: nobody typed there" 'within 1 "grep -q evil /tmp/terminal.out"'
as p "$PROBE" own-terminal
is "a terminal of its own: allowed" 0 $?
as p "$PROBE" child-terminal
is "a terminal of a session within its own: allowed" 0 $?
as p "$PROBE" open-write "$terminal" <"$terminal"
is "a terminal that it was given: allowed" 0 $?
servers_end
"$PROBE" shm-put 4711 secret
is "shared memory of another: control" secret "$("$PROBE" shm-take 4711)"
as p "$PROBE" shm-take 4711 >/tmp/out 2>&1
no "shared memory of another: refused" 'grep -q secret /tmp/out'
as p "$PROBE" shm-own
is "shared memory of its own: allowed" 0 $?
for type in 3 8; do
	"$PROBE" kernel-log $type
	is "the kernel's log, $type: control" 0 $?
	as p "$PROBE" kernel-log $type
	is "the kernel's log, $type: refused" $EPERM $?
done
as p "$PROBE" kernel-log 10
is "the size of the kernel's log: allowed" 0 $?
mkfifo /srv/p/fifo $WORK/fifo
(exec 3<>/srv/p/fifo 4<>$WORK/fifo && exec sleep 60) >/dev/null 2>&1 &
servers+=($!)
disown
as p "$PROBE" open-write /srv/p/fifo
is "a pipe of another: refused" $EPERM $?
as p "$PROBE" open-write $WORK/fifo
is "a pipe in scope: allowed" 0 $?
servers_end

# --- this host's own ports ------------------------------------------------------

ip addr add 169.254.169.254/32 dev lo 2>/dev/null
for port in 22 2375 6000 6443 9222 10250 8080; do
	server tcp 0.0.0.0 $port /tmp/at.$port
done
server tcp ::1 2376 /tmp/at.2376
server tcp 169.254.169.254 81 /tmp/at.meta
cat >/tmp/each.bad <<-'TABLE'
tcp-connect 127.0.0.1 22 evil
tcp-connect 127.0.0.1 2375 evil
tcp-connect 127.0.0.1 6000 evil
tcp-connect 127.0.0.1 6443 evil
tcp-connect 127.0.0.1 9222 evil
tcp-connect 127.0.0.1 10250 evil
tcp-connect 0.0.0.0 2375 evil
tcp-connect 127.9.9.9 2375 evil
tcp-connect ::ffff:127.0.0.1 2375 evil
fast-connect 127.0.0.1 2375 evil
tcp-connect ::1 2376 evil
tcp-connect 169.254.169.254 81 evil
TABLE
printf 'tcp-connect 127.0.0.1 8080 good\ntcp-connect 0.0.0.0 8080 good\ntcp-connect ::ffff:127.0.0.1 8080 good\nfast-connect 127.0.0.1 8080 good\ntcp-bind 127.0.0.1 8081\n' >/tmp/each.good
"$PROBE" each <(sed 's/evil/control/' /tmp/each.bad) >/tmp/out
is "ports of this host: control connects to all" "" "$(others 0 /tmp/out)"
yes "ports of this host: control arrives" 'arrived /tmp/at.2375 control && arrived /tmp/at.meta control'
as p "$PROBE" each /tmp/each.good >/tmp/out
is "ports of this host: the others, allowed" "" "$(others 0 /tmp/out)"
yes "ports of this host: arrives at the others" 'arrived /tmp/at.8080 good'
as p "$PROBE" each /tmp/each.bad >/tmp/out
is "ports of this host: each refused" "" "$(others $EPERM /tmp/out)"
for port in 22 2375 6000 6443 9222 10250; do
	"$PROBE" tcp-connect 127.0.0.1 $port fence
	yes "ports of this host: nothing arrived at $port" 'arrived /tmp/at.$port fence && absent /tmp/at.$port evil'
done
as p "$PROBE" unspec-bind 0.0.0.0 8082
is "a port for everybody, of no family: refused" $EPERM $?
"$PROBE" unspec-bind 0.0.0.0 8082
is "a port for everybody, of no family: control" 0 $?
as p "$PROBE" unix-bind /run/cvf/other.sock
is "a socket beside ours: refused" $EPERM $?
servers_end
ip addr del 169.254.169.254/32 dev lo 2>/dev/null
rm -rf /srv/p /srv/other /usr/bin/probe
finish
