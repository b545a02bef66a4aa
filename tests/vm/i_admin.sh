#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A day of a Debian host's administrator while an agent works: packages, logins, cron, the journal's rotation, logrotate, users, services.
# Nothing of it is hindered, the agent goes on and is judged all the time, and the trail stays whole.
# limit: 900

# shellcheck source=tests/vm/i_lib.sh
. "$(dirname "$0")/i_lib.sh"

declare_agent d '"match":{"cgroup":["/cvf.slice/cvf-agents.slice/**"]},'
declared d
cat >/srv/i/free/loop <<'LOOP'
exec 3>>/srv/i/free/rounds 4>>/srv/i/free/leaks 2>/dev/null
while :; do
	if read -r line </srv/i/denied/secret; then echo "$line" >&4; fi
	echo x >/srv/i/free/work && echo x >&3 || echo "lost its work" >&4
	sleep 0.2
done
LOOP
systemd-run --quiet -p Restart=on-failure --slice=cvf-agents.slice --unit=worker /bin/bash /srv/i/free/loop
rounds() {
	stat -c %s /srv/i/free/rounds 2>/dev/null || echo 0
}
goes_on() {
	local before
	before=$(rounds)
	within 60 "[ \$(rounds) -gt $((before + 5)) ]"
}
yes "an agent works" goes_on
worker=$(systemctl show -P MainPID worker)
denials=$(cvfctl status --json | field kernel_lost)

# --- packages: a small one, and its next version, from a local repository
# package VERSION: with a service, a user's program and a file of settings
package() {
	local root=/tmp/package
	rm -rf $root
	mkdir -p $root/{DEBIAN,usr/bin,etc,lib/systemd/system} /srv/repository
	printf 'Package: small\nVersion: %s\nArchitecture: all\nMaintainer: test <test@test.example>\nDescription: test\n' "$1" >$root/DEBIAN/control
	echo /etc/small.conf >$root/DEBIAN/conffiles
	printf '#!/bin/sh\nset -e\nsystemctl daemon-reload\nsystemctl restart small.service\n' >$root/DEBIAN/postinst
	printf '#!/bin/sh\nset -e\nsystemctl stop small.service || true\n' >$root/DEBIAN/prerm
	chmod 755 $root/DEBIAN/p*
	printf '#!/bin/sh\necho small %s\n' "$1" >$root/usr/bin/small
	chmod 755 $root/usr/bin/small
	echo "version $1" >$root/etc/small.conf
	printf '[Service]\nExecStart=/bin/sleep infinity\n' >$root/lib/systemd/system/small.service
	dpkg-deb --root-owner-group -Znone -b $root /srv/repository >/dev/null
}
package 1
repository
apt install small
done_well "apt-get install" $?
is "its service runs" active "$(systemctl is-active small)"
package 2
repository
apt upgrade
done_well "apt-get upgrade" $?
is "the new version is there" "small 2" "$(small)"
apt install --reinstall small
done_well "apt-get install --reinstall" $?
apt purge small
done_well "apt-get purge" $?
no "it is gone" "[ -e /usr/bin/small ] || [ -e /etc/small.conf ]"
yes "the agent goes on: packages" goes_on

# --- people
useradd -m -s /bin/bash admin
mkdir -p /root/.ssh
ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id
install -d -o admin -g admin -m 700 /home/admin/.ssh
install -o admin -g admin -m 600 /root/.ssh/id.pub /home/admin/.ssh/authorized_keys
by_ssh() {
	ssh -q -i /root/.ssh/id -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null admin@127.0.0.1 "$@"
}
is "ssh: a login" admin "$(by_ssh id -un)"
is "ssh: a file goes over" "0 there" "$(echo there >/tmp/there && scp -q -i /root/.ssh/id -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null /tmp/there admin@127.0.0.1: && echo $? "$(cat /home/admin/there)")"
is "ssh: a login is a session of logind" yes "$(by_ssh 'loginctl show-user admin -P State | grep -q -e active -e online && echo yes')"
echo 'admin ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/admin
is "sudo" root "$(by_ssh sudo -n id -un)"
echo admin:secret1 | chpasswd
is "passwd" 0 $?
usermod -aG adm admin
is "usermod" "0 adm" "$? $(id -nG admin | grep -o adm$)"
loginctl terminate-user admin
within 30 '! pgrep -u admin >/dev/null'
userdel -r admin
is "userdel" 0 $?

# --- cron: a job of root, run by the daemon within the minute, and one of run-parts
echo '* * * * * root echo cron >>/tmp/cron' >/etc/cron.d/test
printf '#!/bin/sh\necho daily >/tmp/daily\n' >/etc/cron.daily/test
chmod 755 /etc/cron.daily/test
run-parts /etc/cron.daily >/tmp/run-parts 2>&1
is "cron.daily" "0 daily" "$? $(cat /tmp/daily)"
yes "cron runs a job" "within 180 '[ -s /tmp/cron ]'"
rm -f /etc/cron.d/test /etc/cron.daily/test

# --- logs
logger -t admin-test "before the rotation"
journalctl --rotate
is "the journal is rotated" 0 $?
journalctl --vacuum-time=1s >/tmp/vacuum 2>&1
is "and vacuumed" 0 $?
logger -t admin-test "after the rotation"
yes "and written" "within 20 'journalctl --no-pager -t admin-test | grep -q after'"
echo line >/var/log/small.log
printf '/var/log/small.log {\n rotate 2\n copytruncate\n}\n' >/etc/logrotate.d/small
logrotate -f /etc/logrotate.conf >/tmp/logrotate 2>&1
is "logrotate" "0 line" "$? $(cat /var/log/small.log.1)"

# --- services
systemctl restart cron ssh systemd-journald systemd-logind 2>/tmp/restart
is "services are restarted" 0 $?
systemctl daemon-reexec
is "systemd starts anew" 0 $?
systemctl start systemd-tmpfiles-clean
is "tmpfiles are cleaned" 0 $?

# --- after all that
yes "we enforce as before" "within 60 enforces"
is "the agent is the same process" "active $worker" "$(systemctl is-active worker) $(systemctl show -P MainPID worker)"
yes "and works" goes_on
is "it did nothing that it may not, and lost no work" "" "$(cat /srv/i/free/leaks)"
is "nothing was lost in the kernel" "$denials" "$(cvfctl status --json | field kernel_lost)"
yes "the trail is whole" "cvfctl audit verify >/tmp/verify 2>&1 || { cat /tmp/verify; false; }"
as d /usr/bin/systemctl restart cron >/tmp/out 2>&1 &
job=$!
within 60 'deny_all; ! kill -0 $job 2>/dev/null'
wait $job
no "what its administrator may, the agent may not" "[ $? = 0 ]"
finish
