#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the enforcer and the quarantine must not contain, read from the program itself: parsers, a database, names of hosts, other programs.
cd "$(dirname "$0")/../.." || exit 1
check() {
	found=$(printf '%s\n' "$symbols" | awk '{ print $NF }' | sed 's/@.*//' | grep -E "^($2)" | sort -u | tr '\n' ' ')
	if [ -z "$found" ]; then echo "ok $program has $1"; else
		echo "# $found"
		echo "not ok $program has $1"
	fi
}
# check_program NAME LIBRARIES
check_program() {
	program=$1
	file=build/release/$1
	symbols=$(nm -D --undefined-only "$file" && nm "$file") || { echo "not ok $file can be read"; exit 1; }
	check "no JSON" 'json_'
	check "no database" 'sqlite3'
	check "no HTTP" 'curl_|MHD_'
	check "no names of hosts" 'getaddrinfo|gethostby|getnameinfo|res_(n)?(init|query|search)'
	check "no code loaded later" 'dlopen|dlmopen|dlsym'
	check "no shell" 'system$|popen$|wordexp$'
	check "no threads" 'pthread_create|thrd_create'
	libraries=$(readelf -d "$file" | sed -nE 's/.*NEEDED.*\[(lib[a-z-]+).*/\1/p' | sort | tr '\n' ' ')
	if [ "$libraries" = "$2" ]; then echo "ok $program links $2"; else
		echo "# links $libraries"
		echo "not ok $program links $2"
	fi
}
check_program cvfd "libbpf libc libcap-ng libseccomp libsystemd "
check_program cvfd-quarantine "libc libcap-ng libseccomp libsystemd "
rows=$(grep -cE '^MSG\(([1-9]|[12][0-9]|3[01]),' include/cvf/wire.def)
missing=
for name in $(sed -nE 's/^MSG\(([1-9]|[12][0-9]|3[01]), *([A-Z_]+),.*/\2/p' include/cvf/wire.def); do
	grep -q "\`$name\`" docs/PRIVSEP.md || missing="$missing $name"
done
if [ -z "$missing" ]; then echo "ok docs/PRIVSEP.md has all $rows requests"; else
	echo "# not there:$missing"
	echo "not ok docs/PRIVSEP.md has all $rows requests"
fi
