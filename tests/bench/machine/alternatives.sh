#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# In the machine, without cvfd: the same operations under what else there is. Those that cannot be taken back come last.
set -eu
# shellcheck source=tests/bench/machine/lib.sh
. /copy/machine/lib.sh

R0="/bench/r0 127.0.0.1"
LIBRARIES=/copy/packages/usr/lib/x86_64-linux-gnu:/copy/packages/lib/x86_64-linux-gnu
PATH=$PATH:/copy/packages/sbin:/copy/packages/usr/sbin
mkdir -p /bench
mount -t tmpfs none /bench
folder /bench/r0

packaged() { LD_LIBRARY_PATH=$LIBRARIES "$@"; }

# alternative NAME: sets up, measures, takes back; what does not work says so and is left out
alternative() {
	if start_$1; then
		measure_$1
	else
		echo "# $1: does not start: $(tail -n 3 /tmp/$1.log | tr '\n' ' ')"
	fi
	stop_$1
}

start_landlock() { :; }
measure_landlock() { column landlock /copy/landlock /bench/r0 /copy/ops $R0; }
stop_landlock() { :; }

start_notify() { :; }
measure_notify() { column notify /copy/notify /copy/ops $R0; }
stop_notify() { :; }

start_apparmor() { packaged apparmor_parser --config-file /dev/null -r -K /copy/machine/apparmor.profile > /tmp/apparmor.log 2>&1; }
measure_apparmor() { column apparmor /bench/r0/ops $R0; }
stop_apparmor() { packaged apparmor_parser --config-file /dev/null -R /copy/machine/apparmor.profile >> /tmp/apparmor.log 2>&1 || :; }

start_fapolicyd() {
	echo 'fapolicyd:x:992:992::/:/usr/sbin/nologin' >> /etc/passwd
	echo 'fapolicyd:x:992:' >> /etc/group
	mkdir -p /etc/fapolicyd /var/lib/fapolicyd /run/fapolicyd /usr/share/fapolicyd
	cp -r /copy/packages/etc/fapolicyd/. /etc/fapolicyd/
	cp -r /copy/packages/usr/share/. /usr/share/
	mkdir -p /usr/lib/file
	cp -r /copy/packages/usr/lib/file/. /usr/lib/file/
	chown -R 992:992 /etc/fapolicyd /var/lib/fapolicyd /run/fapolicyd
	sed -i -e 's/^watch_fs.*/watch_fs = tmpfs/' -e 's/^trust .*/trust = file/' -e 's/^trust=.*/trust = file/' /etc/fapolicyd/fapolicyd.conf
	echo "/bench/r0/true $(stat -c %s /bench/r0/true) $(sha256sum /bench/r0/true | cut -d' ' -f1)" > /etc/fapolicyd/fapolicyd.trust
	printf '%s\n' 'allow perm=open all : all' 'allow perm=execute all : all' > /etc/fapolicyd/fapolicyd.rules
	rm -rf /etc/fapolicyd/rules.d
	packaged fapolicyd --debug-deny --no-details > /tmp/fapolicyd.log 2>&1 &
	for _ in $(seq 60); do
		kill -0 $! 2> /dev/null || return 1
		! grep -q -i 'starting to listen' /tmp/fapolicyd.log || return 0
		sleep 0.5
	done
	return 1
}
measure_fapolicyd() { column fapolicyd /copy/ops $R0; }
stop_fapolicyd() {
	kill $(pidof fapolicyd) 2> /dev/null || :
	for _ in $(seq 300); do
		pidof fapolicyd > /dev/null || return 0
		sleep 0.1
	done
	echo '# fapolicyd does not end'
	return 1
}

start_auditd() {
	mkdir -p /etc/audit /var/log/audit
	chmod 700 /var/log/audit
	cp -r /copy/packages/etc/audit/. /etc/audit/
	sed -i 's/^log_group.*/log_group = root/' /etc/audit/auditd.conf
	cp /copy/machine/audit.rules /etc/audit/
	chmod 640 /etc/audit/audit.rules /etc/audit/auditd.conf
	packaged auditd -s nochange -c /etc/audit > /tmp/auditd.log 2>&1 && packaged auditctl -e 1 >> /tmp/auditd.log 2>&1 &&
		packaged auditctl -R /etc/audit/audit.rules >> /tmp/auditd.log 2>&1
}
measure_auditd() {
	before() { kill -STOP $(pidof auditd); }
	after() {
		kill -CONT $(pidof auditd)
		sleep 0.5
	}
	column auditd /copy/ops $R0
	before() { :; }
	after() { :; }
	figure=mean
	column auditd-all /copy/ops $R0
	figure=median
}
stop_auditd() { packaged auditctl -D > /dev/null 2>&1 || :; }

column bare /copy/ops $R0
for name in landlock notify apparmor fapolicyd auditd; do
	alternative $name
done
