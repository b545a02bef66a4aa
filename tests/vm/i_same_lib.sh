# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# i_same_lib.sh - the same work three times in one boot: on the bare kernel, beside cvfd without an agent, and as an agent that may do
# everything. What came of each piece (i_same_work.py) must be the same.
#
#   same PIECE...
# shellcheck source=tests/vm/i_lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/i_lib.sh"

ALL_FILE="\"path\":[\"/**\",\"/\",\"//**\"],\"ops\":[$FILE_OPS]"
everything() {
	capability all LOW EXECUTE 60 "$(printf '{"file":[{%s}],"exec":[{"path":["/**","//**"]}],"unix":[{"path":["/**","//**"],"ops":["connect","send","bind"]}],
		"net":[{"ops":["connect","send","bind","listen"],"address":["0.0.0.0/0","::/0"]}],"sys":[{"ops":[%s]}]}' "$ALL_FILE" "$SYS_OPS")"
}

# work NAME COMMAND...: in the same folder each time
work() {
	local name=$1
	shift
	mkdir -p /srv/same
	cd /srv/same || exit 1
	"$@" >"/tmp/same.$name" 2>"/tmp/same.$name.err" </dev/null
	is "$name: it ended" 0 $?
	cd / || exit 1
	printf '# %s: %s pieces, %s s\n' "$name" "$(wc -l <"/tmp/same.$name")" "$SECONDS"
	! grep -q Traceback "/tmp/same.$name.err" || tail -n 5 "/tmp/same.$name.err" | sed 's/^/# /'
}

compare() {
	local name line
	while read -r name line; do
		# shellcheck disable=SC2254
		is "$1: $name" "$line" "$(sed -n "s|^$name ||p" "/tmp/same.$1")"
	done </tmp/same.bare
	is "$1: no other pieces" "" "$(comm -13 <(cut -d' ' -f1 /tmp/same.bare | sort) <(cut -d' ' -f1 "/tmp/same.$1" | sort) | xargs)"
}

same() {
	systemctl stop cvfd
	cvfd --unpin 2>/dev/null
	no "the bare kernel: nothing is pinned" "[ -e /sys/fs/bpf/cvf ]"
	work bare python3 "$HERE/i_same_work.py" "$@"
	systemctl start cvfd
	yes "cvfd enforces" "within 60 enforces"
	work beside python3 "$HERE/i_same_work.py" "$@"
	compare beside
	is "beside: nothing was recorded of it" 0 "$(cvfctl status --json | field events_recorded)"
	mkdir -p /tmp/shipped
	mv /usr/share/cvf/capabilities/*.json /tmp/shipped/
	everything >/etc/cvf/capabilities.d/all.json
	printf '{"schema":"cvf.profile/v1","id":"bare","name":"Bare","description":"nothing","capabilities":[],"scope":{"paths":[],"net":[]},"rules":[]}\n' \
		>/usr/share/cvf/profiles/bare.json
	echo '{"schema":"cvf.agent/v1","id":"all","owner":"test","profile":"bare","capabilities":["all"],"scope":{"paths":["/**"],"net":["0.0.0.0/0","::/0"]}}' \
		>/etc/cvf/agents.d/all.json
	declared all
	work governed cvfctl run --agent all -- python3 "$HERE/i_same_work.py" "$@"
	compare governed
	cvfctl events --json --agent all --limit 40 | grep -E '"verdict":"(deny|hold)"' | head -n 20 | sed 's/^/# /'
	yes "it enforces after all that" "within 20 enforces"
}
