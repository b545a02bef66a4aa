// SPDX-License-Identifier: Apache-2.0
/*
 * verb_completion.c - completion scripts for three shells, made from the tables: a new verb or option
 * completes at once
 */
#include "say.h"
#include "verbs.h"

#include <string.h>

static bool is_first_of_noun(size_t i)
{
	return i == 0 || strcmp(verbs[i - 1].noun, verbs[i].noun) != 0;
}

static const char *summary_of(size_t i)
{
	const char *of_noun = noun_summary(verbs[i].noun);

	return of_noun ? of_noun : verbs[i].summary;
}

static void put_nouns(const char *between)
{
	for (size_t i = 0; i < verbs_count; i++)
		if (is_first_of_noun(i))
			printf("%s%s", i ? between : "", verbs[i].noun);
}

static void put_verbs_of(const char *noun)
{
	const char *between = "";

	for (size_t i = 0; i < verbs_count; i++) {
		if (strcmp(verbs[i].noun, noun) != 0 || !verbs[i].verb)
			continue;
		printf("%s%s", between, verbs[i].verb);
		between = " ";
	}
}

static uint64_t options_of(const char *noun)
{
	uint64_t all = WITH_ALWAYS;

	for (size_t i = 0; i < verbs_count; i++)
		if (strcmp(verbs[i].noun, noun) == 0)
			all |= verbs[i].options;
	return all;
}

static void bash_values(void)
{
	puts("	case \"$prev\" in");
	for (enum option o = 0; o < OPT_MAX; o++)
		if (options[o].choices)
			printf("	--%s) COMPREPLY=($(compgen -W '%s' -- \"$cur\")); return ;;\n",
			       options[o].name, options[o].choices);
	puts("	--etc | --share) COMPREPLY=($(compgen -d -- \"$cur\")); return ;;\n"
	     "	--socket) COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n"
	     "	--agent | -a) COMPREPLY=($(compgen -W \"$(_cvfctl_ids agent list)\" -- \"$cur\")); return "
	     ";;\n"
	     "	esac");
}

static void bash_nouns(void)
{
	puts("	case \"$noun\" in");
	for (size_t i = 0; i < verbs_count; i++) {
		if (!is_first_of_noun(i))
			continue;
		printf("	%s) words='", verbs[i].noun);
		put_verbs_of(verbs[i].noun);
		fputs("' options='", stdout);
		for (enum option o = 0; o < OPT_MAX; o++)
			if (options_of(verbs[i].noun) & 1ull << o)
				printf("--%s ", options[o].name);
		puts("' ;;");
	}
	puts("	esac");
}

static void bash(void)
{
	puts("# bash completion of cvfctl: eval \"$(cvfctl completion bash)\"\n"
	     "_cvfctl_ids() {\n"
	     "	command cvfctl --json \"$@\" 2>/dev/null | grep -oE '[{,]\"id\":\"[A-Za-z0-9._-]*\"' |\n"
	     "		cut -d'\"' -f4\n"
	     "}\n"
	     "_cvfctl() {\n"
	     "	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	     "	local noun= verb= words= options= i");
	puts("	for ((i = 1; i < COMP_CWORD; i++)); do\n"
	     "		case \"${COMP_WORDS[i]}\" in\n"
	     "		-*) ;;\n"
	     "		*) if [ -z \"$noun\" ]; then noun=${COMP_WORDS[i]}; elif [ -z \"$verb\" ]; then "
	     "verb=${COMP_WORDS[i]}; fi ;;\n"
	     "		esac\n"
	     "	done");
	bash_values();
	fputs("	if [ -z \"$noun\" ]; then COMPREPLY=($(compgen -W '--help --json --socket ", stdout);
	put_nouns(" ");
	puts("' -- \"$cur\")); return; fi");
	bash_nouns();
	puts("	case \"$cur\" in -*) COMPREPLY=($(compgen -W \"$options\" -- \"$cur\")); return ;; esac\n"
	     "	case \"$noun $verb\" in\n"
	     "	run*) COMPREPLY=($(compgen -c -- \"$cur\")) ;;\n"
	     "	*' register' | *' validate' | *' apply') COMPREPLY=($(compgen -f -- \"$cur\")) ;;\n"
	     "	'approve '* | 'deny '* | 'approvals show') COMPREPLY=($(compgen -W \"$(_cvfctl_ids "
	     "approvals)\" -- \"$cur\")) ;;\n"
	     "	*' show' | *' remove' | *' revoke' | *' restore' | *' purge' | 'agent attach' | 'agent mode')\n"
	     "		COMPREPLY=($(compgen -W \"$(_cvfctl_ids \"$noun\" list)\" -- \"$cur\")) ;;\n"
	     "	'completion ') COMPREPLY=($(compgen -W 'bash zsh fish' -- \"$cur\")) ;;\n"
	     "	*' ') COMPREPLY=($(compgen -W \"$words\" -- \"$cur\")) ;;\n"
	     "	esac\n"
	     "}\n"
	     "complete -F _cvfctl cvfctl");
}

/* zsh runs bash's completion functions well; a second generator would only be a second set of mistakes. */
static void zsh(void)
{
	puts("#compdef cvfctl\n"
	     "# zsh completion of cvfctl: eval \"$(cvfctl completion zsh)\"\n"
	     "autoload -Uz bashcompinit && bashcompinit");
	bash();
	/*
	 * Loaded from a folder of functions, this text is the body of _cvfctl itself: it must answer the
	 * first time too.
	 */
	puts("if [ \"${funcstack[1]}\" = _cvfctl ]; then _bash_complete -F _cvfctl; fi");
}

static void fish_options(size_t i)
{
	const struct verb *v = &verbs[i];

	for (enum option o = 0; o < OPT_MAX; o++) {
		if (!(v->options & 1ull << o))
			continue;
		printf("complete -c cvfctl -n '__fish_seen_subcommand_from %s", v->noun);
		if (v->verb && !(v->flags & VERB_DEFAULT))
			printf("; and __fish_seen_subcommand_from %s", v->verb);
		printf("' -l %s%s", options[o].name, options[o].value ? " -x" : "");
		if (options[o].choices)
			printf(" -a '%s'", options[o].choices);
		if (options[o].letter)
			printf(" -s %c", options[o].letter);
		printf(" -d \"%s\"\n", options[o].help);
	}
}

static void fish(void)
{
	puts("# fish completion of cvfctl: cvfctl completion fish | source\n"
	     "complete -c cvfctl -f\n"
	     "complete -c cvfctl -l help -s h -d 'print help'\n"
	     "complete -c cvfctl -l json -d 'print JSON instead of text'\n"
	     "complete -c cvfctl -l socket -r -F -d 'control socket'");
	for (size_t i = 0; i < verbs_count; i++) {
		if (is_first_of_noun(i))
			printf("complete -c cvfctl -n __fish_use_subcommand -a %s -d \"%s\"\n", verbs[i].noun,
			       summary_of(i));
		if (verbs[i].verb) {
			printf("complete -c cvfctl -n '__fish_seen_subcommand_from %s; and not "
			       "__fish_seen_subcommand_from ",
			       verbs[i].noun);
			put_verbs_of(verbs[i].noun);
			printf("' -a %s -d \"%s\"\n", verbs[i].verb, verbs[i].summary);
		}
		if (verbs[i].words && strstr(verbs[i].words, "FILE"))
			printf("complete -c cvfctl -n '__fish_seen_subcommand_from %s; and "
			       "__fish_seen_subcommand_from %s' -F\n",
			       verbs[i].noun, verbs[i].verb);
		fish_options(i);
	}
}

int verb_completion(const struct call *c)
{
	static const struct {
		const char *shell;
		void (*put)(void);
	} rows[] = { { "bash", bash }, { "zsh", zsh }, { "fish", fish } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (strcmp(rows[i].shell, c->words[0]) != 0)
			continue;
		rows[i].put();
		return DONE;
	}
	return say_fail(USAGE, "bash, zsh and fish are known", "no completion for this shell: %s",
			c->words[0]);
}
