#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What a delete or a rename takes away is kept first; whatever lets it go, and nothing goes that cannot be kept.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"

# shellcheck disable=SC2317  # world calls it
keepers() {
	local keeps='"side_effects":{"reversible":false,"scope":"local","description":"test"},"compensation":{"supported":true,"strategy":"quarantine"}'
	mkdir -p /t/r8 /t/r9
	cat >/etc/cvf/capabilities.d/t-keep.json <<-CAPABILITIES
	[{"schema":"cvf.capability/v1","id":"t.r8","name":"k","description":"test","operation_type":"DELETE",$keeps,
	  "risk":{"level":"HIGH","justification":"test"},"hold":{"timeout_s":60,"on_timeout":"deny"},
	  "match":{"file":[{"path":"/t/r8/**","ops":["delete","rename"]}]}},
	 {"schema":"cvf.capability/v1","id":"t.r9","name":"k","description":"test","operation_type":"WRITE",
	  "side_effects":{"reversible":true,"scope":"local","description":"test"},"compensation":{"supported":true,"strategy":"quarantine"},
	  "risk":{"level":"MEDIUM","justification":"test"},
	  "match":{"file":[{"path":"/t/r9/**","ops":["delete","rename"]}]}}]
	CAPABILITIES
	cat >/etc/cvf/policies.d/t-keep.json <<-POLICY
	{"schema":"cvf.policy/v1","id":"keep","priority":200,"rules":[
	 {"id":"storm","when":{"op":["delete"],"path":["/t/r9/storm/**"],"rate":{"more_than":3,"within_s":3600}},"effect":"REQUIRE_APPROVAL"},
	 {"id":"r9","when":{"path":["/t/r9/**"],"capability":["t.r9"]},"effect":"ALLOW"}]}
	POLICY
	agent_declaration o observe >/etc/cvf/agents.d/t-o.json
}

# kept_of PATH: the id of what is kept of it, the newest
kept_of() {
	cvfctl quarantine list --json | sed -e 's/},{"id"/}\n{"id"/g' | grep -F "\"object\":\"$1\"" | head -n 1 | field id
}
kept_count() {
	cvfctl quarantine list --json | grep -o '"object":' | wc -l
}
restore() {
	cvfctl quarantine restore "$1" >/tmp/restore.log 2>&1
}

yes "the quarantine runs" '[ -n "$(pid_of cvfd-quarantine)" ]'
world keepers

# MEDIUM: nobody is asked, what goes is kept, and comes back as it was.
echo precious >/t/r9/a
chmod 640 /t/r9/a
chown 1234:4321 /t/r9/a
touch -d '2001-02-03 04:05:06' /t/r9/a
agent "$PROBE" unlink /t/r9/a
is "delete: it runs" 0 $?
no "delete: it is gone" '[ -e /t/r9/a ]'
yes "delete: nobody is asked" 'no_hold t'
id=$(kept_of /t/r9/a)
yes "delete: it is kept" '[ -n "$id" ]'
is "delete: in a store that is root's alone" "700 0" "$(stat -c '%a %u' /.cvf-quarantine)"
is "delete: with its content" precious "$(cat /.cvf-quarantine/"$id")"
yes "delete: the reason" "wait_event t '\"reason\":\"kept-first\"' /t/r9/a"
restore "$id"
is "restore" 0 $?
is "restore: content" precious "$(cat /t/r9/a)"
is "restore: owner, mode, time" "1234 4321 640 2001-02-03 04:05:06" "$(stat -c '%u %g %a %y' /t/r9/a | cut -c 1-33)"
no "restore: the store is empty" '[ -e /.cvf-quarantine/'"$id"' ]'
no "restore: once" 'restore "$id"'

# The store is nobody's business.
agent "$PROBE" unlink /t/r9/a
id=$(kept_of /t/r9/a)
agent "$PROBE" cat /.cvf-quarantine/"$id"
is "store: an agent cannot read it" $EPERM $?
agent "$PROBE" unlink /.cvf-quarantine/"$id"
is "store: nor delete in it" $EPERM $?
agent "$PROBE" rename /.cvf-quarantine /t/r0/mine
is "store: nor take it away" $EPERM $?
echo new >/t/r9/a
restore "$id"
no "restore: nothing is replaced" '[ $? = 0 ]'
is "restore: what is there stays" new "$(cat /t/r9/a)"
yes "restore: the reason is said" 'grep -q "has its name" /tmp/restore.log'
rm /t/r9/a
restore "$id"
is "restore: when its name is free" precious "$(cat /t/r9/a)"

# A rename over something keeps what was there; onto a free name there is nothing to keep.
echo next >/t/r0/next
before=$(kept_count)
agent "$PROBE" rename /t/r0/next /t/r9/free
is "rename: onto a free name" 0 $?
is "rename: onto a free name nothing is kept" "$before" "$(kept_count)"
echo next >/t/r0/next
agent "$PROBE" rename /t/r0/next /t/r9/a
is "rename: over a file" 0 $?
is "rename: it has the name now" next "$(cat /t/r9/a)"
id=$(kept_of /t/r9/a)
is "rename: what had it is kept" precious "$(cat /.cvf-quarantine/"$id")"

# Folders and symbolic links.
mkdir -m 750 /t/r9/folder
ln -s /nowhere /t/r9/link
agent "$PROBE" rmdir /t/r9/folder
is "folder: it goes" 0 $?
no "folder: it has gone" '[ -e /t/r9/folder ]'
restore "$(kept_of /t/r9/folder)"
is "folder: it comes back" "750 directory" "$(stat -c '%a %F' /t/r9/folder)"
agent "$PROBE" unlink /t/r9/link
is "link: it goes" 0 $?
restore "$(kept_of /t/r9/link)"
is "link: it comes back" /nowhere "$(readlink /t/r9/link)"

# HIGH: a person says yes, then it is kept, then it goes. No: nothing is kept.
echo two >/t/r8/b
agent_begin "$PROBE" unlink /t/r8/b
yes "HIGH: it is held" 'wait_hold t /t/r8/b'
is "HIGH: nothing is kept before the answer" "" "$(kept_of /t/r8/b)"
deny
agent_end
is "HIGH, denied: refused" $EPERM $?
is "HIGH, denied: nothing is kept" "" "$(kept_of /t/r8/b)"
yes "HIGH: it is held again" 'begin_held t /t/r8/b "$PROBE" unlink /t/r8/b'
approve
agent_end
is "HIGH, approved: it runs" 0 $?
no "HIGH, approved: it is gone" '[ -e /t/r8/b ]'
is "HIGH, approved: it is kept" two "$(cat /.cvf-quarantine/"$(kept_of /t/r8/b)")"

# A grant lets the next ones go, each kept.
echo three >/t/r8/c
agent_begin "$PROBE" unlink /t/r8/c
wait_hold t /t/r8/c
cvfctl approve "$HOLD" --scope session --for 10m >/dev/null 2>&1
agent_end
is "grant: the first" 0 $?
echo four >/t/r8/c
agent "$PROBE" unlink /t/r8/c
is "grant: the next goes, too" 0 $?
yes "grant: nobody is asked" 'no_hold t'
is "grant: and is kept" four "$(cat /.cvf-quarantine/"$(kept_of /t/r8/c)")"

# A limit of how often: approved, it goes on, and each object is kept all the same.
mkdir -p /t/r9/storm
for n in 0 1 2 3 4; do echo "$n" >/t/r9/storm/$n; done
agent_begin "$PROBE" unlink-many /t/r9/storm/ 5
yes "storm: the fourth is held" 'wait_hold t /t/r9/storm/3'
approve
agent_end
is "storm: approved, it goes on" 0 $?
for n in 0 1 2 3 4; do
	is "storm: $n is kept" "$n" "$(cat /.cvf-quarantine/"$(kept_of /t/r9/storm/$n)")"
done

# An observed agent is not stopped, and what it does is not made up for.
before=$(kept_count)
echo x >/t/r9/o
as o "$PROBE" unlink /t/r9/o
is "observed: it runs" 0 $?
is "observed: nothing is kept" "$before" "$(kept_count)"

# Somebody else's processes are not held and not kept.
echo x >/t/r9/n
rm /t/r9/n
is "nobody's: nothing is kept" "$before" "$(kept_count)"

# Nobody there to keep it, or no place: it stays.
echo x >/t/r9/stays
pids=$(pid_of cvfd-quarantine)
for pid in $pids; do kill -STOP "$pid"; done
agent "$PROBE" unlink /t/r9/stays
is "a keeper that does not answer: refused" $EPERM $?
yes "a keeper that does not answer: it is there" '[ -e /t/r9/stays ]'
yes "a keeper that does not answer: the reason" "wait_event t '\"reason\":\"not-kept\"' /t/r9/stays"
for pid in $pids; do kill -CONT "$pid"; done
# A denial stands for two seconds, silence for five.
within 20 'agent "$PROBE" unlink /t/r9/stays'
is "it answers again: it goes" 0 $?

# Purged is gone for good.
id=$(kept_of /t/r9/stays)
cvfctl quarantine purge "$id" >/dev/null 2>&1
is "purge" 0 $?
no "purge: it is gone" '[ -e /.cvf-quarantine/'"$id"' ]'
no "purge: nothing to restore" 'restore "$id"'

finish
