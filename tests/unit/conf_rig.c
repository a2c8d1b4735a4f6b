/* The hands of the tests of the configuration: conf_rig.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "conf_rig.h"

struct config *conf_rig_parse(const char *text, struct conf_report *rep)
{
	*rep = (struct conf_report){ 0 };
	return conf_parse(text, strlen(text), "host", rep);
}

static void show(const struct conf_report *rep)
{
	for (size_t i = 0; i < rep->n; i++)
		print_message("%d: %s\n", rep->messages[i].line, rep->messages[i].text);
}

struct config *conf_rig_good(const char *text)
{
	struct conf_report rep;
	struct config *c = conf_rig_parse(text, &rep);

	if (!c)
		show(&rep);
	assert_non_null(c);
	conf_report_fini(&rep);
	return c;
}

void conf_rig_refused(const char *text, int line, const char *words)
{
	struct conf_report rep;
	struct config *c = conf_rig_parse(text, &rep);
	bool found = false;

	assert_null(c);
	assert_true(rep.errors > 0);
	for (size_t i = 0; i < rep.n; i++)
		if (!rep.messages[i].is_warning && rep.messages[i].line == line &&
		    strstr(rep.messages[i].text, words))
			found = true;
	if (!found) {
		print_message("wanted %d: %s; got\n", line, words);
		show(&rep);
	}
	assert_true(found);
	conf_report_fini(&rep);
}

void conf_rig_warned(const char *text, int line, const char *words)
{
	struct conf_report rep;
	struct config *c = conf_rig_parse(text, &rep);
	bool found = false;

	if (!c)
		show(&rep);
	assert_non_null(c);
	for (size_t i = 0; i < rep.n; i++)
		found |= rep.messages[i].is_warning && rep.messages[i].line == line &&
			strstr(rep.messages[i].text, words);
	assert_true(found);
	conf_free(c);
	conf_report_fini(&rep);
}
