// SPDX-License-Identifier: Apache-2.0
/*
 * help.c - help texts, all made from the tables of verbs.c and args.c
 */
#include "help.h"

#include "say.h"
#include "verbs.h"

#include <string.h>

static int synopsis(char *to, size_t size, const struct verb *v)
{
	return snprintf(to, size, "%s%s%s%s%s", v->noun, v->verb ? " " : "", v->verb ? v->verb : "",
			v->words ? " " : "", v->words ? v->words : "");
}

static void put_option(FILE *out, enum option o)
{
	const struct option_row *row = &options[o];
	char name[40];

	snprintf(name, sizeof(name), "%s%s%s", row->name, row->value ? " " : "",
		 row->value ? row->value : "");
	if (row->letter)
		fprintf(out, "  -%c, --%-20s  %s\n", row->letter, name, row->help);
	else
		fprintf(out, "      --%-20s  %s\n", name, row->help);
}

static void put_needed(FILE *out, const struct verb *v)
{
	for (enum option o = 0; o < OPT_MAX; o++)
		if (v->needs & 1ull << o)
			fprintf(out, " --%s %s", options[o].name, options[o].value);
}

static void help_verb(FILE *out, const struct verb *v)
{
	fprintf(out, "Usage: cvfctl %s%s%s", v->noun, v->verb ? " " : "", v->verb ? v->verb : "");
	put_needed(out, v);
	fprintf(out, " [OPTION]...%s%s%s\n\n%c%s.\n", v->flags & VERB_TAIL ? " [--]" : "",
		v->words ? " " : "", v->words ? v->words : "", v->summary[0] & ~0x20, v->summary + 1);
	if (v->details)
		fprintf(out, "%s\n", v->details);
	fputs("\nOptions:\n", out);
	for (enum option o = OPT_MAX; o-- > 0;)
		if ((v->options | WITH_ALWAYS) & 1ull << (OPT_MAX - 1 - o))
			put_option(out, OPT_MAX - 1 - o);
	if (v->role)
		fprintf(out, "\nRole: %s.\n", v->role);
	else
		fputs("\nNeeds no daemon and no role.\n", out);
}

static void help_noun(FILE *out, const char *noun)
{
	char text[64];

	fprintf(out, "Usage: cvfctl %s COMMAND [OPTION]...\n\n%c%s.\n\nCommands:\n", noun,
		noun_summary(noun)[0] & ~0x20, noun_summary(noun) + 1);
	for (size_t i = 0; i < verbs_count; i++) {
		if (strcmp(verbs[i].noun, noun) != 0)
			continue;
		synopsis(text, sizeof(text), &verbs[i]);
		fprintf(out, "  %-38s  %s\n", text, verbs[i].summary);
	}
	fprintf(out, "\nMore: cvfctl %s COMMAND --help\n", noun);
}

static void help_all(FILE *out)
{
	char text[64];

	fputs("Usage: cvfctl COMMAND [OPTION]...\n\nKernel-enforced governance of AI agents: operate it, and "
	      "answer what it holds.\n\n"
	      "Commands:\n",
	      out);
	for (size_t i = 0; i < verbs_count; i++) {
		synopsis(text, sizeof(text), &verbs[i]);
		fprintf(out, "  %-38s  %s\n", text, verbs[i].summary);
	}
	fputs("\nOptions of every command:\n", out);
	put_option(out, OPT_HELP);
	put_option(out, OPT_JSON);
	put_option(out, OPT_SOCKET);
	fputs("\nExit status: 0 done, 1 refused or failed, 2 usage, 3 not found, 4 no daemon, 5 not "
	      "permitted.\n"
	      "More: cvfctl COMMAND --help, cvfctl(1)\n",
	      out);
}

void help_print(FILE *out, const char *noun, const struct verb *verb)
{
	bool alone = noun && noun_summary(noun) && (!verb || verb->flags & VERB_DEFAULT);

	if (!noun)
		help_all(out);
	else if (alone)
		help_noun(out, noun);
	else
		help_verb(out, verb);
}

int verb_help(const struct call *c)
{
	const char *noun = c->count > 0 ? c->words[0] : NULL;
	const struct verb *v = noun ? verb_find(noun, c->count > 1 ? c->words[1] : NULL) : NULL;

	if (noun && (!verb_has_noun(noun) || (c->count > 1 && !v)))
		return say_fail(USAGE, "see: cvfctl --help", "no such command: %s%s%s", noun,
				c->count > 1 ? " " : "", c->count > 1 ? c->words[1] : "");
	help_print(stdout, noun, v);
	return DONE;
}
