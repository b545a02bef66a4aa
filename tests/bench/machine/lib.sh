# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# lib.sh - what the benchmark's scripts inside the machine share
#
#   folder PATH                what ops.c works on
#   column NAME COMMAND...     runs ops, prints lines "NAME OPERATION VALUE"; hooks `before` and `after` run around each operation;
#                              the value is the median, with figure=mean the mean: of what others do on the same CPU
#   cvfd_start [NAME]          until it enforces; prints how long that took, as "NAME start INSTRUCTIONS"
#   world RULES                the benchmark's own declarations, with so many rules in force; and what the function $MORE writes
#   governed COMMAND...        as agent "bench"

folder() {
	local d=$1 i
	mkdir -p $d/a/b/c/d/e/f/g/h $d/source/1 $d/source/2
	echo x > $d/file
	echo x > $d/a/b/c/d/e/f/g/h/file
	cp /copy/true /copy/ops /copy/machine/session $d/
	for i in $(seq 160); do
		printf 'line %s\nneedle\n' $i > $d/source/$((i % 2 + 1))/f$i
	done
}

before() { :; }
after() { :; }
figure=median

column() {
	local name=$1 word operation median mean child
	shift
	rm -f /tmp/ask /tmp/answer
	mkfifo /tmp/ask /tmp/answer
	"$@" < /tmp/answer > /tmp/ask 2>&1 &
	child=$!
	exec 7> /tmp/answer 6< /tmp/ask
	while read -r word operation median mean <&6; do
		case $word in
		ready)
			before
			echo go >&7
			;;
		is)
			after
			echo "$name $operation ${!figure}"
			;;
		*) echo "# $name: $word $operation $median $mean" ;;
		esac
	done
	exec 6<&- 7>&-
	wait $child || {
		echo "# $name: ended with status $?"
		after
	}
}

cvfd_start() {
	local start
	start=$(/copy/hold now)
	/usr/sbin/cvfd --foreground > /var/log/cvfd.log 2>&1 &
	cvfd_wait
	echo "${1:-first} start $(($(/copy/hold now) - start))"
}

cvfd_wait() {
	for _ in $(seq 6000); do
		! cvfctl status --json 2> /dev/null | grep -q '"enforcing": *true' || return 0
		sleep 0.1
	done
	cat /var/log/cvfd.log
	exit 1
}

daemons_stop() { kill -STOP $(pidof cvfd) $(pidof cvfd-govern); }

# Then they get the time to store what waits for them.
daemons_go_on() {
	kill -CONT $(pidof cvfd) $(pidof cvfd-govern)
	sleep 0.5
}

# Until the governor has nothing left to do but what it does each second.
stored() {
	local was now=0
	for _ in $(seq 100); do
		was=$now
		now=$(cut -d ' ' -f 1 "/proc/$(pidof cvfd-govern)/schedstat")
		[ $((now - was)) -gt 1000000 ] || return 0
		sleep 0.3
	done
	echo '# the governor is still storing'
}

governed() { cvfctl run --agent bench -- "$@"; }

# capability ID LEVEL MATCH
capability() {
	printf '{"schema":"cvf.capability/v1","id":"%s","name":"%s","description":"benchmark","operation_type":"EXECUTE",' "$1" "$1"
	printf '"risk":{"level":"%s","justification":"benchmark"},"side_effects":{"reversible":true,"scope":"local","description":"benchmark"},' "$2"
	printf '"hold":{"timeout_s":300,"on_timeout":"deny"},"match":%s}' "$3"
}

# place FOLDER NET: what can be done there, as the object "match"
place() {
	printf '{"file":[{"path":"/bench/%s{,/**}","ops":[%s]}],"exec":[{"path":"/bench/%s/**"}],' "$1" "$FILE_OPS" "$1"
	printf '"net":[{"ops":["connect","send","bind","listen"],"address":["127.0.%s.0/24"]}]}' "$2"
}

FILE_OPS='"read","write","create","delete","rename","link","attr","truncate","exec-map"'
SYS_OPS='"mount","chroot","ptrace","signal","module_load","bpf","userns","reboot","settime","io_uring","mknod","raw_socket","packet_socket","netlink_write","vsock","sctp","alg","socket_other"'

# rules COUNT: each with a pattern of its own, beside the files that are opened; names that share no endings. A file of
# declarations is at most 1 MiB, so each holds 1,000.
rules() {
	rm -f /etc/cvf/policies.d/many-*.json
	awk -v n="$1" '
	function name(   text, k) {
		for (k = 0; k < 12; k++) {
			seed = (seed * 16807) % 2147483647
			text = text sprintf("%c", 97 + int(seed / 65536) % 26)
		}
		return text
	}
	BEGIN {
		seed = 7
		for (i = 0; i < n; i++) {
			if (i % 1000 == 0) {
				if (i) print "]}" > file
				file = "/etc/cvf/policies.d/many-" i ".json"
				printf "{\"schema\":\"cvf.policy/v1\",\"id\":\"many-%d\",\"priority\":200,\"rules\":[", i > file
			}
			printf "%s{\"id\":\"n%d\",\"effect\":\"DENY\",\"reason\":\"benchmark\",\"when\":{\"path\":[\"/bench/r0/%s/**\"],", (i % 1000 ? "," : ""), i, name() > file
			printf "\"op\":[\"read\",\"write\",\"create\",\"delete\"]}}" > file
		}
		print "]}" > file
	}'
}

# Once; the shipped declarations are kept aside.
world_begin() {
	mkdir -p /tmp/shipped /etc/cvf/capabilities.d /etc/cvf/agents.d /etc/cvf/policies.d
	mv /usr/share/cvf/capabilities/*.json /tmp/shipped/
	{
		printf '[\n'
		capability b.free LOW '{"file":[{"path":["/**","//anon/**"],"except":["/bench/{r1,r2,deny}{,/**}"],"ops":['"$FILE_OPS"']}],
			"exec":[{"path":"/**","except":["/bench/{r1,r2,deny}/**"]}],"unix":[{"path":["/**","//anon/**","//abstract/**"],"ops":["connect","send","bind"]}],
			"net":[{"ops":["connect","send","bind","listen"],"address":["127.0.10.0/24"]}],"sys":[{"ops":['"$SYS_OPS"']}]}'
		printf ',\n'
		capability b.recorded MEDIUM "$(place r1 11)"
		printf ',\n'
		capability b.held HIGH "$(place r2 12)"
		printf ',\n'
		capability b.refused LOW "$(place deny 15)"
		printf '\n]\n'
	} > /etc/cvf/capabilities.d/bench.json
	printf '{"schema":"cvf.profile/v1","id":"bare","name":"Bare","description":"nothing","capabilities":[],"scope":{"paths":[],"net":[]},"rules":[]}\n' \
		> /usr/share/cvf/profiles/bare.json
	agent_declaration bench > /etc/cvf/agents.d/bench.json
	printf '{"schema":"cvf.policy/v1","id":"bench","priority":100,"rules":[{"id":"no","when":{"capability":["b.refused"]},"effect":"DENY","reason":"benchmark"}]}\n' \
		> /etc/cvf/policies.d/bench.json
}

agent_declaration() {
	printf '{"schema":"cvf.agent/v1","id":"%s","name":"%s","owner":"bench","profile":"bare","capabilities":["b.*"],"limits":{"pending_holds":64},' "$1" "$1"
	printf '"scope":{"paths":["/bench{,/**}"],"net":["127.0.10.0/24","127.0.11.0/24","127.0.12.0/24","127.0.15.0/24"]}}\n'
}

world() {
	local start end
	[ -e /tmp/shipped ] || world_begin
	rules "$1"
	${MORE:-:}
	read -r start _ < /proc/uptime
	reload
	read -r end _ < /proc/uptime
	echo "# $1 rules: read, compiled and put in force in $start..$end"
}

world_end() {
	mv /tmp/shipped/*.json /usr/share/cvf/capabilities/
	rm -rf /tmp/shipped /etc/cvf/{capabilities,agents,policies}.d/{bench,many-*}.json /usr/share/cvf/profiles/bare.json
	reload
}

reload() {
	cvfctl reload > /tmp/reload.log 2>&1 || {
		cat /tmp/reload.log
		exit 1
	}
}
