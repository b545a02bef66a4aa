# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# i_lib.sh - what the tests in the image share: sources lib.sh
#
#   declare_agent ID [MORE]    profile coding, scope /srv/i/free; nobody's /srv/i/denied is denied by a policy
#   next_version N             packages of ours with "+N" behind their version, in the repository
#   repository                 /srv/repository is the only source of apt, with what is in it
#   enforces, installed        conditions
# shellcheck source=tests/vm/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

enforces() {
	cvfctl status --json 2>/dev/null | grep -q '"enforcing":true'
}

# declare_agent ID [MORE]: more members, with a comma behind them
declare_agent() {
	mkdir -p /srv/i/free /srv/i/denied /srv/i/held
	chmod 777 /srv/i/free /srv/i/denied /srv/i/held
	[ -e /srv/i/denied/secret ] || echo secret >/srv/i/denied/secret
	[ -e /srv/i/free/plain ] || echo plain >/srv/i/free/plain
	printf '{"schema":"cvf.agent/v1","id":"%s","owner":"test","profile":"coding",%s"scope":{"paths":["/srv/i/free/**"]}}\n' "$1" "${2:-}" \
		>"/etc/cvf/agents.d/$1.json"
	echo '{"schema":"cvf.policy/v1","id":"i","priority":100,"rules":[
		{"id":"no","when":{"path":["/srv/i/denied/**"]},"effect":"DENY","reason":"the test says no"},
		{"id":"ask","when":{"path":["/srv/i/held/**"]},"effect":"REQUIRE_APPROVAL","reason":"the test asks"}]}' >/etc/cvf/policies.d/i.json
}

declared() {
	systemctl reload cvfd-govern || journalctl --no-pager -u cvfd-govern -n 20
	yes "agent $1 is declared" "within 20 'cvfctl agent show $1 >/dev/null 2>&1'"
}

# --- packages -----------------------------------------------------------------

repository() {
	local file
	mkdir -p /srv/repository
	for file in /srv/repository/*.deb; do
		dpkg-deb -f "$file"
		printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "${file##*/}" "$(stat -c %s "$file")" "$(sha256sum "$file" | cut -d' ' -f1)"
	done >/srv/repository/Packages
	echo 'deb [trusted=yes] file:/srv/repository ./' >/etc/apt/sources.list
	apt update
}

apt() {
	DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get -q -y -o Dpkg::Use-Pty=0 "$@" >/tmp/apt.log 2>&1
}

# done_well NAME STATUS: of apt
done_well() {
	is "$1" 0 "$2"
	[ "$2" = 0 ] || sed 's/^/# /' /tmp/apt.log
}

next_version() {
	local file
	rm -f /srv/repository/*.deb
	for file in /srv/packages/*.deb; do
		rm -rf /tmp/unpacked
		dpkg-deb -R "$file" /tmp/unpacked
		version=$(sed -n 's/^Version: //p' /tmp/unpacked/DEBIAN/control)+$1
		sed -i -e "s/^Version: .*/Version: $version/" -e "s/cvfctl (= [^)]*)/cvfctl (= $version)/" /tmp/unpacked/DEBIAN/control
		dpkg-deb --root-owner-group -Znone -b /tmp/unpacked /srv/repository >/dev/null
	done
}
