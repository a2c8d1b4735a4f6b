/* The devices of the ports. */
#ifndef AURPD_LINKS_H
#define AURPD_LINKS_H

#include <stdbool.h>
#include <stddef.h>

#include "aurpd/config.h"
#include "dump.h"
#include "shell.h"

struct port_link;

struct links {
	struct shell *shell;
	struct port_link **v;
	size_t n, cap;
};

void links_init(struct links *ls, struct shell *shell);

/* Closes everything and tells the router, which must still know the ports. */
void links_fini(struct links *ls);

/* Opens the device of a port the router knows; it waits by itself if there is none. */
void links_open(struct links *ls, const struct config_port *config);

/* Closes the device of a port the router still knows. */
void links_close(struct links *ls, const char *name);

/* Something changed about the interfaces of this machine. */
void links_check(struct links *ls);

/* A device could not be opened for lack of permission; its name, or NULL. */
const char *links_denied(const struct links *ls);

/* ... and is it one that we wanted to create? */
bool links_denied_tap(const struct links *ls);

void links_flush(struct links *ls);

/* Says what got lost since it was said last; at most once a minute of each port. */
void links_report(struct links *ls, struct instant now);

/* Fills at most `max` losses, DROP_REASONS per port; the count. */
size_t links_losses(const struct links *ls, struct dump_loss *out, size_t max);

#endif
