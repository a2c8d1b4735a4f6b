/*
 * What a kind of link (ether_linux.c, tap_linux.c, ltoudp.c, tashtalk.c) tells link.c, and what it
 * gets from there. For these files alone.
 */
#ifndef AURPD_LINK_KIND_H
#define AURPD_LINK_KIND_H

#include "aurpd/pause.h"
#include "link.h"
#include "link_trouble.h"

/* What a person can do about an errno. */
struct link_remedy {
	int error;
	const char *text;
};

struct link_kind {
	size_t size;			/* of its struct, which begins with a struct link */
	const char *option;		/* of a section, that names the device; or NULL */
	int wait_most_s;		/* between two attempts to open it */
	bool needs_capability;		/* EPERM and EACCES will not go away by waiting */
	const struct link_remedy *remedies;	/* the last one has no text; NULL: none */
	/*
	 * Looks at the device, open or not; lets go (link_shut()) of what is open and not
	 * the device any more. TROUBLE_NONE: frames can pass, or it may be opened.
	 * TROUBLE_UNKNOWN and errno: nobody knows.
	 */
	enum link_trouble (*look)(struct link *k);
	/*
	 * Sets k->fd to a descriptor ready for frames. False and errno: link.c closes
	 * what is open.
	 */
	bool (*open)(struct link *k);
	/* There is something to read: what there is, or a good part of it. */
	void (*read)(struct link *k);
	/* As link_send() and so on, of an open device; all but send may be NULL. */
	void (*send)(struct link *k, const struct pkt *frame);
	void (*flush)(struct link *k);
	void (*set_multicast)(struct link *k, struct mac group, bool join);
	void (*set_node)(struct link *k, uint8_t node);
	/* Before k->fd is closed: gives back what belongs to the open device; or NULL. */
	void (*closing)(struct link *k);
	/* Gives back what belongs to its struct; or NULL. */
	void (*fini)(struct link *k);
};

struct link {
	const struct link_kind *kind;
	struct link_hooks hooks;
	struct loop *loop;
	char device[CONFIG_PATH_MAX + 1];	/* as configured */
	char called[CONFIG_PATH_MAX + 1];	/* likewise, or as the interface is called now */
	int fd;				/* -1: closed */
	struct ifinfo interface;	/* as look() found it last */
	struct mac mac;			/* of our end; zero: it has none */
	struct losses losses;
	struct pause phase_1_pause;	/* ether_frame.c */
	const char *broken;		/* see link_break(); NULL: it works */
	/* What follows is link.c's alone. */
	struct ifinfo known;		/* the interface as it was last time */
	bool is_up;			/* the hooks have been told so */
	enum link_trouble trouble;	/* told last */
	int error;			/* errno that belongs to TROUBLE_FAILED */
	struct instant opened;
	int wait_s;			/* before the next attempt */
	struct loop_watch *readable;
	struct loop_timer *retry;
};

/* A link of a kind, closed; the rest of its struct is zero. */
void *link_new(const struct link_kind *kind, struct loop *l, const struct config_port *config,
	const struct link_hooks *hooks);

/* A frame for the hooks. */
static inline void link_received(struct link *k, struct instant now, struct pkt *frame)
{
	k->hooks.received(k->hooks.ctx, now, frame);
}

static inline void link_dropped(struct link *k, enum drop_reason reason)
{
	k->hooks.dropped(k->hooks.ctx, reason);
}

static inline void link_say(struct link *k, enum log_level level, const char *text)
{
	k->hooks.say(k->hooks.ctx, level, text);
}

/* Closes the device and tells that it is down; for look(). */
void link_shut(struct link *k);

/*
 * The open device does not work any longer: "DEVICE why". It is closed after this turn, as nobody
 * who is sending expects it. `why` lives on.
 */
void link_break(struct link *k, const char *why);

#endif
