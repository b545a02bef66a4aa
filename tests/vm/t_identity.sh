#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What runs is not what it seems: copies, loaders, preloaded libraries, code without a file, interpreters, programs of many
# names, set-user-ID; and calls that become others after they were asked about. Where nothing tells what runs, what it does
# is judged.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"

# Files that may be read, not mapped as code: /t/r0/map. Programs that may be read, not run: /t/r0/only; run when approved, not
# written: /t/x3.
more() {
	capability t.map HIGH EXECUTE 60 '{"file":[{"path":"/t/r0/map/**","ops":["exec-map"]}]}' >/etc/cvf/capabilities.d/t-map.json
	capability t.only HIGH EXECUTE 60 '{"exec":[{"path":"/t/r0/only/**"}],"file":[{"path":"/t/x3/**","ops":["write","create","rename"]}]}' \
		>/etc/cvf/capabilities.d/t-only.json
	capability t.x3 HIGH EXECUTE 60 '{"exec":[{"path":"/t/x3/**"}]}' >/etc/cvf/capabilities.d/t-x3.json
	agent_declaration byexe enforce '"match":{"exe":["/t/bin/byexe"]},' >/etc/cvf/agents.d/t-byexe.json
	printf '{"schema":"cvf.policy/v1","id":"t-no","priority":200,"rules":[{"id":"no","when":{"capability":["t.map","t.only"]},"effect":"DENY","reason":"the test says no"}]}\n' \
		>/etc/cvf/policies.d/t-no.json
	sed 's/"t.sys"/"t.sys","t.map","t.only","t.x3"/' -i /etc/cvf/agents.d/t-t.json
}

mkdir -p /t/r0/map /t/r0/only /t/r0/lib /t/x3
world more
SAID=/t/r0/said
LOADER=/lib64/ld-linux-x86-64.so.2

# effect NAME SETUP EFFECT COMMAND...: % stands for the folder: /t/deny, where it is refused, or /t/r0, where it is not
effect() {
	local name=$1 setup=$2 effect=$3 status
	shift 3
	eval "${setup//%//t/deny}"
	"${@//%//t/deny}" </dev/null >/dev/null 2>&1
	yes "$name: control has the effect" "${effect//%//t/deny}"
	eval "${setup//%//t/deny}"
	eval "${setup//%//t/r0}"
	agent "${@//%//t/r0}"
	yes "$name: allowed, has the effect" "${effect//%//t/r0}"
	agent "${@//%//t/deny}"
	status=$?
	no "$name: refused, has no effect" "${effect//%//t/deny}"
	# It ran, and came to its end: what was refused was the effect.
	no "$name: it did not hang" '[ $status = $HUNG ]'
}

write='rm -f %/f; echo x >%/f'
wrote='grep -q y %/f'
delete=$write
deleted='[ ! -e %/f ]'

# A copy, a link and another name of a program that a policy refuses.
cp "$PROBE" /t/r0/only/tool
echo x >/t/deny/f && echo x >/t/r0/f
/t/r0/only/tool open-write /t/deny/f
is "a refused program: control" 0 $?
agent "$PROBE" exec /t/r0/only/tool open-write /t/r0/f
is "a refused program: refused" $EPERM $?
ln -sf /t/r0/only/tool /t/r0/alias
agent "$PROBE" exec /t/r0/alias open-write /t/r0/f
is "a refused program by a link to it: refused" $EPERM $?
agent "$PROBE" exec-as harmless /t/r0/only/tool open-write /t/r0/f
is "a refused program under another name: refused" $EPERM $?
agent /bin/busybox cp /t/r0/only/tool /t/r0/copied
agent "$PROBE" exec /t/r0/copied open-write /t/r0/f
is "a copy of a refused program runs" 0 $?
agent "$PROBE" exec /t/r0/copied open-write /t/deny/f
is "a copy of a refused program: what it does is judged" $EPERM $?
server tcp 127.0.15.1 7000 /tmp/at.bad
server tcp 127.0.10.1 7000 /tmp/at.good
agent "$PROBE" exec /t/r0/copied tcp-connect 127.0.15.1 7000 evil
is "a copy of a refused program: where it connects is judged" $EPERM $?
agent "$PROBE" exec /t/r0/copied tcp-connect 127.0.10.1 7000 good
yes "a copy of a refused program: the other address" 'arrived /tmp/at.good good && absent /tmp/at.bad evil'
servers_end

# The loader by hand: the kernel sees the loader, the file that it maps as code is the program.
cp /bin/bash /t/r0/map/bash && cp /bin/bash /t/r0/lib/bash
rm -f $SAID
$LOADER /t/r0/map/bash -c "echo control >>$SAID"
agent $LOADER /t/r0/lib/bash -c "echo free >>$SAID"
is "the loader by hand: allowed" 0 $?
agent $LOADER /t/r0/map/bash -c "echo evil >>$SAID"
no "the loader by hand: refused" '[ $? = 0 ]'
is "the loader by hand: what ran" "control free" "$(xargs <$SAID)"

# A library in front of the others: one is mapped, the other is not. A library of the program's own is what /proc tells.
library=$(ldd /bin/bash 2>/dev/null | sed -n 's/.*=> \(.*libc\.so\.6\).*/\1/p')
[ -n "$library" ] || library=$(find /usr/lib -name libc.so.6 | head -n 1)
cp "$library" /t/r0/map/extra.so && cp "$library" /t/r0/lib/extra.so
# preloaded FOLDER COMMAND...
preloaded() {
	local folder=$1
	shift
	"$@" /bin/busybox env LD_PRELOAD="$folder/extra.so" /bin/bash -c 'while read -r line; do echo "$line"; done </proc/$$/maps >/t/r0/maps' \
		>/dev/null 2>&1
	grep -q " r-xp .*$folder/extra.so" /t/r0/maps
}
yes "a preloaded library: control" 'preloaded /t/r0/map'
yes "a preloaded library: allowed" 'preloaded /t/r0/lib agent'
no "a preloaded library: refused" 'preloaded /t/r0/map agent'
yes "a preloaded library: the program ran without it" '[ -s /t/r0/maps ]'

# Code without a file.
[ "$(uname -m)" != x86_64 ] || effect "made code" "$delete" "$deleted" "$PROBE" made-code %/f

# Interpreters, built-in commands, programs that start others.
printf 'echo y >"$1"/f\n' >/t/r0/script
mkdir -p /t/r0/only && cp /t/r0/script /t/r0/only/script && chmod 755 /t/r0/only/script
effect "bash -c" "$write" "$wrote" bash -c 'echo y >%/f'
effect "a script that is read" "$write" "$wrote" bash /t/r0/script %
effect "a script that may not be run, read by a shell" "$write" "$wrote" bash /t/r0/only/script %
effect "a sourced script" "$write" "$wrote" bash -c '. /t/r0/script' x %
effect "standard input of a shell" "$write" "$wrote" bash -c 'bash -s % </t/r0/script'
effect "awk" "$write" "$wrote" busybox awk 'BEGIN { print "y" >"%/f" }'
effect "sed" "$write" "$wrote" busybox sed -i s/x/y/ %/f
effect "find -exec" "$delete" "$deleted" busybox find %/f -exec /bin/busybox rm -f {} ';'
effect "xargs" "$delete" "$deleted" bash -c 'echo %/f | busybox xargs /bin/busybox rm -f'
effect "a built-in command after cd" "$write" "$wrote" bash -c 'cd %; echo y >f'
effect "a function named like a program" "$write" "$wrote" bash -c 'true() { echo y >%/f; }; true'
effect "dd" "$write" "$wrote" bash -c 'echo y | busybox dd of=%/f'
echo 'echo evil' >/t/deny/script && echo 'echo fine' >/t/r0/fine
agent bash -c ". /t/deny/script; . /t/r0/fine"
is "a script of a refused folder is not sourced" fine "$(grep -o -x -e evil -e fine $OUT | xargs)"
"$PROBE" pause &
victim=$!
disown
agent bash -c "kill $victim"
no "a built-in kill: refused" '[ $? = 0 ]'
yes "a built-in kill: the target lives" 'kill -0 $victim'
agent bash -c 'sleep 100 & kill $!'
is "a built-in kill of an own child: allowed" 0 $?
kill $victim

# One program of many names: the name it is called by makes what it does, not who it is.
effect "busybox called rm" "$delete" "$deleted" "$PROBE" exec-as rm /bin/busybox -f %/f
ln -sf /bin/busybox /t/r0/rm
effect "busybox by a link" "$delete" "$deleted" /t/r0/rm -f %/f
cp /bin/busybox /t/r0/only/busybox
agent "$PROBE" exec-as true /t/r0/only/busybox
is "a refused program of many names, by a harmless one: refused" $EPERM $?
agent "$PROBE" exec-as true /bin/busybox
is "its twin: allowed" 0 $?

# Names that a process gives itself.
effect "a process that calls itself cvfd" "$delete" "$deleted" "$PROBE" named cvfd unlink %/f
cp "$PROBE" /t/bin/byexe
rm -f /t/deny/g
"$PROBE" exec-as /bin/true /t/bin/byexe create-excl /t/deny/g
is "enrolled by program, under another name: governed" $EPERM $?
no "enrolled by program, under another name: no effect" '[ -e /t/deny/g ]'
"$PROBE" exec-as /t/bin/byexe "$PROBE" create-excl /t/deny/g
is "another program under the name of an agent's: nobody's" 0 $?
agent "$PROBE" exec-bare /t/deny/probe
is "a program without any argument: refused" $EPERM $?
agent "$PROBE" exec-bare /t/r0/probe
yes "a program without any argument: runs, or ends before its first instruction" "[ $? = 120 ] || [ $? = 137 ]"

# More rights than before, the same label.
cp "$PROBE" /t/r0/suid && chmod 4755 /t/r0/suid && chmod 777 /t/r0
for d in r0 deny; do
	rm -f /t/$d/f && echo x >/t/$d/f && chmod 600 /t/$d/f
done
"$PROBE" uid 1000 exec /t/r0/suid open-write /t/deny/f
is "set-user-ID: control" 0 $?
agent "$PROBE" uid 1000 exec "$PROBE" open-write /t/r0/f
is "without it: the kernel refuses" 13 $?
agent "$PROBE" uid 1000 exec /t/r0/suid open-write /t/r0/f
is "set-user-ID: allowed" 0 $?
agent "$PROBE" uid 1000 exec /t/r0/suid open-write /t/deny/f
is "set-user-ID: refused" $EPERM $?

# What runs or waits to run cannot become another program under the same answer.
cp "$PROBE" /t/r1/in/running
/t/r1/in/running pause &
running=$!
disown
within 5 '[ "$(cat /proc/$running/comm)" = running ]'
agent "$PROBE" open-write /t/r1/in/running
is "a running program: the kernel keeps it" 26 $?
kill $running
within 5 '! kill -0 $running 2>/dev/null'
agent "$PROBE" open-write /t/r1/in/running
is "a program that does not run: may be written" 0 $?
printf '#!/bin/sh\necho first >>%s\n' $SAID >/t/x3/script
printf '#!/bin/sh\necho second >>%s\n' $SAID >/t/x3/other
chmod 755 /t/x3/script /t/x3/other
rm -f $SAID
as t "$PROBE" exec /t/x3/script >/dev/null 2>&1 &
job=$!
wait_hold t '/t/x3/script'
agent "$PROBE" write /t/x3/script '#!/bin/sh'
is "a held script: the agent cannot write it" $EPERM $?
agent "$PROBE" rename /t/r0/script /t/x3/script
is "a held script: the agent cannot replace it" $EPERM $?
approve
wait $job
is "a held script: what was approved ran" first "$(cat $SAID)"
rm -f $SAID
as t "$PROBE" exec /t/x3/script >/dev/null 2>&1 &
job=$!
wait_hold t '/t/x3/script'
first=$HOLD
mv /t/x3/other /t/x3/script
approve "$first"
if wait_hold_other "$first" t '/t/x3/script'; then
	ok "another file under the name: another question"
	deny
fi
wait $job
no "another file under the name: it did not run by the old answer" 'grep -q second $SAID'

# Debuggers: of an own process nothing is judged but what it does.
echo x >/t/r0/f && echo x >/t/r0/g && echo x >/t/deny/f
if [ "$(uname -m)" = x86_64 ]; then
	"$PROBE" trace-unlink /t/r0/f /t/deny/f
	yes "a tracer that rewrites a call: control" '[ ! -e /t/deny/f ]'
	echo x >/t/deny/f
	agent "$PROBE" trace-unlink /t/r0/f /t/r0/g
	yes "a tracer that rewrites a call: allowed" '[ -e /t/r0/f ] && [ ! -e /t/r0/g ]'
	agent "$PROBE" trace-unlink /t/r0/f /t/deny/f
	is "a tracer that rewrites a call: refused" $EPERM $?
	yes "a tracer that rewrites a call: no effect" '[ -e /t/r0/f ] && [ -e /t/deny/f ]'
	echo x >/t/r2/first-file && echo x >/t/r2/second-file && echo x >/t/r0/f
	agent "$PROBE" retrace-unlink /t/r2/first-file /t/deny/f
	is "a tracer that rewrites a held call: refused" $EPERM $?
	agent "$PROBE" retrace-unlink /t/r2/first-file /t/r0/f
	is "a tracer that rewrites a held call: allowed" 0 $?
	yes "a tracer that rewrites a held call: what it became is judged" '[ -e /t/deny/f ] && [ ! -e /t/r0/f ]'
	yes "a tracer that rewrites a held call: nobody approved the first" '[ -e /t/r2/first-file ]'
	# A handler that runs before the call is made again, and edits it.
	echo x >/t/r0/f
	for to in /t/deny/f /t/r2/second-file /t/r0/f; do
		rm -f /t/r0/swapped
		agent_begin "$PROBE" signal-unlink /t/r2/first-file $to
		if wait_hold t first-file; then
			within 5 '[ -e /t/r0/swapped ]'
			approve
			[ $to != /t/r2/second-file ] || { wait_hold t second-file && deny; }
		else
			not_ok "a handler that edits a held call: held" "$(holds)"
		fi
		agent_end
		status=$?
		case $to in
		/t/r0/f) is "a handler that edits a held call: an allowed one" 0 $status ;;
		*) is "a handler that edits a held call: $to" $EPERM $status ;;
		esac
	done
	yes "a handler that edits a held call: nothing was deleted by the wrong answer" '[ -e /t/deny/f ] && [ -e /t/r2/second-file ] && [ -e /t/r2/first-file ] && [ ! -e /t/r0/f ]'
fi

# Names that change between the look and the walk: what was opened is what was judged.
for kind in text link; do
	rm -rf /t/r0/one /t/r0/two
	: >/t/r0/f && : >/t/deny/f
	chmod 666 /t/deny/f
	if [ $kind = link ]; then
		ln -s /t/r0 /t/r0/one && ln -s /t/deny /t/r0/two
		set -- /t/r0/one /t/r0/two
	else
		set -- /t/r0/f /t/deny/f
	fi
	"$PROBE" race-$kind "$@" 3000
	yes "a $kind that changes: control writes both" '[ -s /t/r0/f ] && [ -s /t/deny/f ]'
	: >/t/r0/f && : >/t/deny/f
	agent "$PROBE" race-$kind "$@" 3000
	is "a $kind that changes: both were met" 0 $?
	yes "a $kind that changes: writes the one" '[ -s /t/r0/f ]'
	no "a $kind that changes: never the other" '[ -s /t/deny/f ]'
	printf '# a %s that changes: %s\n' $kind "$(cat $OUT)"
done
finish
