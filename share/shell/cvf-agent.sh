# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# Starts an agent through `cvfctl run`, so that a shell with job control does not take a held agent for a stopped job.
# To use it, from ~/.bashrc, ~/.zshrc or ~/.profile:
#
#	. /usr/share/cvf/shell/cvf-agent.sh
#	cvf_agent claude coder-1	# from now on `claude` means: cvfctl run --agent coder-1 -- claude
#
# or, written out for one agent:
#
#	claude() { cvfctl run --agent coder-1 -- claude "$@"; }
#
# Scripts and programs that call the agent by its path are governed as before, if its declaration matches them.

cvf_agent() {
	if [ $# -ne 2 ]; then
		echo 'usage: cvf_agent COMMAND AGENT-ID' >&2
		return 2
	fi
	# Both become part of the function's text: nothing but the characters of a name may.
	case $1$2 in
	*[!A-Za-z0-9_.-]* | -*)
		echo "cvf_agent: a name holds letters, digits, '_', '.' and '-': $1 $2" >&2
		return 2
		;;
	esac
	eval "$1() { command cvfctl run --agent '$2' -- '$1' \"\$@\"; }"
}
