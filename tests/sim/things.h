/* A growing array of pointers, in the order in which they came. */
#ifndef AURPD_SIM_THINGS_H
#define AURPD_SIM_THINGS_H

#include <stddef.h>

struct things {
	void **at;
	size_t n, cap;
};

void things_add(struct things *t, void *thing);
void things_remove(struct things *t, void *thing);

#endif
