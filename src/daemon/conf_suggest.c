/*
 * Unknown words in the configuration, answered with the nearest known one.
 * conf.c calls. The words come from options.def and the names of the sections.
 */
#include "conf_suggest.h"

#include <stdio.h>
#include <string.h>

#include "conf_option.h"

enum { WORD_MAX = 32 };

/* Edits (insert, remove, replace, swap of neighbours count one each) between two words. */
static int distance(const char *a, const char *b)
{
	int row[3][WORD_MAX + 1];
	int na = (int)strlen(a), nb = (int)strlen(b);

	if (na > WORD_MAX || nb > WORD_MAX)
		return WORD_MAX;
	for (int j = 0; j <= nb; j++)
		row[0][j] = j;
	for (int i = 1; i <= na; i++) {
		int *now = row[i % 3], *before = row[(i - 1) % 3], *two = row[(i + 1) % 3];

		now[0] = i;
		for (int j = 1; j <= nb; j++) {
			int best = before[j - 1] + (a[i - 1] != b[j - 1]);

			if (before[j] + 1 < best)
				best = before[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    two[j - 2] + 1 < best)
				best = two[j - 2] + 1;
			now[j] = best;
		}
	}
	return row[na % 3][nb];
}

/* What may stand in a section. */
static size_t words_of(const char *section, const char *words[], size_t max)
{
	size_t n = 0;

	if (strcmp(section, "root") == 0) {
		for (int s = 0; s < SECTION_PEER; s++)
			words[n++] = conf_section_name((enum conf_section)s);
		return n;
	}
	for (size_t i = 0; i < conf_n_options && n < max; i++)
		if (strcmp(conf_section_name(conf_options[i].section), section) == 0)
			words[n++] = conf_options[i].name;
	if (strcmp(section, conf_section_name(SECTION_TUNNEL)) == 0 && n < max)
		words[n++] = conf_section_name(SECTION_PEER);
	return n;
}

/* The section that has an option of exactly this name, or NULL. */
static const char *home_of(const char *word)
{
	for (size_t i = 0; i < conf_n_options; i++)
		if (strcmp(conf_options[i].name, word) == 0)
			return conf_section_name(conf_options[i].section);
	return NULL;
}

/* As it is spoken: el-to-U-D-P. */
static const char *article(const char *word)
{
	return strchr("aeiou", word[0]) || strcmp(word, "ltoudp") == 0 ? "an" : "a";
}

void conf_suggest(struct conf_report *rep, int line, const char *section, const char *word)
{
	const char *words[24], *home = home_of(word);
	size_t n = words_of(section, words, sizeof words / sizeof *words);
	bool is_top = strcmp(section, "root") == 0;
	char where[64] = "outside of a section", all[CONF_TEXT_MAX] = "";
	int best = WORD_MAX;
	size_t nearest = 0;

	if (!is_top)
		snprintf(where, sizeof where, "in %s %.20s section", article(section), section);
	for (size_t i = 0; i < n; i++) {
		int d = distance(word, words[i]);
		size_t used = strlen(all);

		if (d < best) {
			best = d;
			nearest = i;
		}
		snprintf(all + used, sizeof all - used, "%s%s", i ? ", " : "", words[i]);
	}
	if (n > 0 && best <= 1 + (int)strlen(word) / 4)
		conf_report_error(rep, line, "unknown word \"%.40s\" %s: did you mean %s?", word,
			where, words[nearest]);
	else if (home)
		conf_report_error(rep, line, "%.40s cannot stand %s: it belongs in %s %s section",
			word, where, article(home), home);
	else
		conf_report_error(
			rep, line, "unknown word \"%.40s\" %s: there are %s; text with blanks "
			"stands in quotes", word, where, all);
}
