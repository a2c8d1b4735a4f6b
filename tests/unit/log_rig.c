/* The log of test_log.c and test_pace.c: log_rig.h. */
#include "log_rig.h"

#include <stdlib.h>

struct log_rig log_rig;

struct instant log_rig_clock(void)
{
	return log_rig.now;
}

void log_rig_pass(int64_t ms)
{
	log_rig.now = instant_add(log_rig.now, span_ms(ms));
}

const char *log_rig_read(void)
{
	fflush(log_rig.out);
	return log_rig.text;
}

size_t log_rig_lines_since(size_t *place)
{
	const char *text = log_rig_read();
	size_t n = 0;

	for (; *place < log_rig.size; ++*place)
		n += text[*place] == '\n';
	return n;
}

size_t log_rig_lines(void)
{
	size_t place = 0;

	return log_rig_lines_since(&place);
}

int log_rig_set_up(void **state)
{
	(void)state;
	log_rig.now = (struct instant){ 1000000000 };
	log_rig.out = open_memstream(&log_rig.text, &log_rig.size);
	log_init(&log_rig.log, log_rig.out, true, LOG_LEVEL_INFO, log_rig_clock);
	return log_rig.out ? 0 : -1;
}

int log_rig_tear_down(void **state)
{
	(void)state;
	fclose(log_rig.out);
	free(log_rig.text);
	return 0;
}
