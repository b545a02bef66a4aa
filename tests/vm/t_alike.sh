#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Agents that share a row in the kernel: each is let into its own places and no other's, and is counted by itself.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"

COUNT=24

# Places of agent N: its own; 1 to 5 have one in common, 23 what 24 has, and 22 one around that of 21.
places() {
	case $1 in
	[1-5]) printf '"/t/r1/w/%d{,/**}","/t/r1/team{,/**}"' "$1" ;;
	21) printf '"/t/r1/w/22/inner{,/**}"' ;;
	23) printf '"/t/r1/w/24{,/**}"' ;;
	*) printf '"/t/r1/w/%d{,/**}"' "$1" ;;
	esac
}

# shellcheck disable=SC2317  # world calls it
fleet() {
	local n mode
	for n in $(seq $COUNT); do
		mode=enforce
		[ "$n" = 7 ] && mode=observe
		agent_declaration "f$n" $mode | sed "s#\"paths\":\[[^]]*\]#\"paths\":[$(places "$n")]#"
	done | sed '1s/^/[/; $!s/$/,/; $s/$/]/' >/etc/cvf/agents.d/t-fleet.json
}

# counter AGENT OPERATION VERDICT: how often
counter() {
	cvfctl counters --agent "$1" --json | sed 's/},{/}\n{/g' | grep "\"operation\":\"$2\"" | grep "\"verdict\":\"$3\"" |
		field_each count | awk '{ n += $1 } END { print n + 0 }'
}

world fleet
mkdir -p /t/r1/team /t/r1/w/22/inner
for n in $(seq $COUNT); do mkdir -p "/t/r1/w/$n"; done

mine=0
others=0
for n in 6 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	as "f$n" "$PROBE" create "/t/r1/w/$n/f" && mine=$((mine + 1))
	as "f$n" "$PROBE" create "/t/r1/w/$((n % COUNT + 1))/f$n"
	[ $? = $EPERM ] && others=$((others + 1))
done
is "each is let into its own place" 14 $mine
is "and not into the next one's" 14 $others

as f1 "$PROBE" create /t/r1/team/f1
is "what some have in common: one of them" 0 $?
as f5 "$PROBE" create /t/r1/team/f5
is "what some have in common: another" 0 $?
as f6 "$PROBE" create /t/r1/team/f6
is "what some have in common: none of them" $EPERM $?
as t "$PROBE" create /t/r1/team/t
is "what some have in common: who has none of these places" $EPERM $?
as f22 "$PROBE" create /t/r1/w/22/inner/f22
is "a place in another's: the outer one's agent" 0 $?
as f21 "$PROBE" create /t/r1/w/22/inner/f21
is "a place in another's: the inner one's" 0 $?
as f21 "$PROBE" create /t/r1/w/22/f21
is "a place in another's: the inner one's, outside" $EPERM $?
as f23 "$PROBE" create /t/r1/w/24/f23
is "two in one place: the one" 0 $?
as f24 "$PROBE" create /t/r1/w/24/f24
is "two in one place: the other" 0 $?
as f7 "$PROBE" create /t/r1/w/8/f7
is "one is only watched" 0 $?
as f8 "$PROBE" create /t/r1/w/7/f8
is "and the others are not" $EPERM $?

for n in 1 2 3; do as f9 "$PROBE" create "/t/r1/w/9/more$n"; done
is "counted by itself: let through" 4 "$(counter f9 create allow)"
is "counted by itself: refused" 1 "$(counter f9 create deny)"
is "counted by itself: its neighbour, let through" 1 "$(counter f10 create allow)"
is "counted by itself: its neighbour, refused" 1 "$(counter f10 create deny)"
is "counted by itself: the watched one was not refused" 1 "$(counter f7 create allow)"
is "counted by itself: two refusals" 2 "$(counter f8 create deny)"
reload
as f9 "$PROBE" create /t/r1/w/9/again
is "counted by itself: in the next generation, too" 5 "$(counter f9 create allow)"
finish
