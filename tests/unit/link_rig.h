/* A loop with links on it, and what they told: for the tests of links that need no cable. */
#ifndef AURPD_LINK_RIG_H
#define AURPD_LINK_RIG_H

#include "link.h"

enum { LINK_RIG_LINKS = 3, LINK_RIG_TEXT = 512 };

struct link_rig;

/* What one link has told so far. */
struct link_story {
	struct link_rig *rig;
	struct link *link;
	int ups, downs, changes, received, said;
	uint8_t last[2048];		/* the last frame received */
	size_t last_len;
	uint64_t drops[DROP_REASONS];
	char text[LINK_RIG_TEXT];	/* the last thing said */
};

struct link_rig {
	struct loop *loop;
	struct receive_batch *in;
	struct loop_timer *limit;
	bool is_late;
	bool may_complain;		/* libevent, of what the test does to it */
	struct link_story links[LINK_RIG_LINKS];
	size_t n;
};

struct link_rig *link_rig_new(void);
void link_rig_free(struct link_rig *rig);

typedef struct link *(*link_maker)(struct loop *l, struct receive_batch *rb,
	const struct config_port *config, const struct link_hooks *hooks);

/* Makes a link for a device and checks it once. */
struct link_story *link_rig_open(struct link_rig *rig, link_maker make, const char *device);

void link_rig_send(struct link_story *s, const void *bytes, size_t n);

/* Runs turns until it holds; asserts that it does within some seconds. */
void link_rig_until(struct link_rig *rig, bool (*until)(void *ctx), void *ctx);

#endif
