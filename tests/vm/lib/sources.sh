# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# sources.sh - the Debian archive that this host is configured with, for another release of it
#
#   host_codename                   of this host's release
#   make_sources FOLDER CODENAME SUITE...    writes FOLDER/debian.sources (or .list): CODENAME is the host's

host_codename() {
	# shellcheck disable=SC1091  # a file of the host
	(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-stable}")
}

# Prints the host's deb822 paragraph of its main Debian archive, asking for $1
# instead of the suites it names. "Main" is the paragraph that offers the
# host's own release (or "stable") with the component main: third-party
# archives name other suites, the security archive appends "-security".
deb822_sources() {
	local suites=$1 codename=$2
	shift 2
	awk -v want="$suites" -v codename="$codename" '
	function flush_paragraph(   i, n, parts, ok, main) {
		if (uris != "" && !done) {
			n = split(suites, parts, /[ \t\n]+/)
			for (i = 1; i <= n; i++)
				if (parts[i] == codename || parts[i] == "stable") ok = 1
			n = split(components, parts, /[ \t\n]+/)
			for (i = 1; i <= n; i++) if (parts[i] == "main") main = 1
			if (ok && main && types ~ /(^|[ \t])deb([ \t]|$)/ && !disabled) {
				printf "Types: deb\nSuites: %s\nComponents: main\n%s", want, kept
				done = 1
			}
		}
		uris = suites = components = types = kept = ""; disabled = 0; field = ""
	}
	FNR == 1 { flush_paragraph() }
	/^[ \t]*$/ { flush_paragraph(); next }
	/^#/ { next }
	/^[ \t]/ {
		if (field == "suites") suites = suites " " $0
		else if (field == "components") components = components " " $0
		else if (field == "uris") { uris = uris " " $0; kept = kept $0 "\n" }
		else if (field == "kept") kept = kept $0 "\n"
		next
	}
	{
		name = tolower($0); sub(/:.*/, "", name)
		value = $0; sub(/^[^:]*:[ \t]*/, "", value)
		field = name
		if (name == "types") types = value
		else if (name == "suites") suites = value
		else if (name == "components") components = value
		else if (name == "enabled") disabled = (tolower(value) == "no")
		else if (name == "uris") { uris = value " "; kept = kept $0 "\n" }
		else if (name ~ /^(signed-by|trusted|check-valid-until|allow-insecure)$/) {
			kept = kept $0 "\n"; field = "kept"
		}
	}
	END { flush_paragraph() }
	' "$@"
}

# The same from one-line sources ("deb [options] URI SUITE COMPONENT...").
oneline_sources() {
	local suites=$1 codename=$2
	shift 2
	awk -v want="$suites" -v codename="$codename" '
	$1 == "deb" && !done {
		line = $0; sub(/#.*/, "", line); sub(/^[ \t]*deb[ \t]+/, "", line)
		options = ""
		if (match(line, /^\[[^]]*\][ \t]*/)) {
			options = substr(line, 1, RLENGTH); line = substr(line, RLENGTH + 1)
		}
		n = split(line, part, /[ \t]+/)
		main = 0
		for (i = 3; i <= n; i++) if (part[i] == "main") main = 1
		if (!main || (part[2] != codename && part[2] != "stable")) next
		m = split(want, suite, " ")
		for (i = 1; i <= m; i++) printf "deb %s%s %s main\n", options, part[1], suite[i]
		done = 1
	}' "$@"
}

# Existing files among the arguments.
existing() {
	local file
	for file in "$@"; do
		[ ! -f "$file" ] || printf '%s\n' "$file"
	done
}

make_sources() {
	local folder=$1 codename=$2 files
	shift 2
	mapfile -t files < <(existing /etc/apt/sources.list.d/*.sources)
	if [ ${#files[@]} -gt 0 ]; then
		deb822_sources "$*" "$codename" "${files[@]}" >"$folder/debian.sources"
		[ ! -s "$folder/debian.sources" ] || return 0
		rm "$folder/debian.sources"
	fi
	mapfile -t files < <(existing /etc/apt/sources.list /etc/apt/sources.list.d/*.list)
	if [ ${#files[@]} -gt 0 ]; then
		oneline_sources "$*" "$codename" "${files[@]}" >"$folder/debian.list"
		[ ! -s "$folder/debian.list" ] || return 0
	fi
	die "looked in /etc/apt for the Debian archive this system is configured with (release $codename, component main): no such source; add one, then run this again"
}
