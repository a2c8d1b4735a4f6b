/*
 * The front: two honest sites with an end node each, and a scripted peer of the
 * first that means no good. Whatever it does, the two must not notice.
 */
#ifndef AURPD_SIM_STORY_FRONT_H
#define AURPD_SIM_STORY_FRONT_H

#include "story.h"

struct front {
	struct world *w;
	struct mesh *m;
	struct site *a, *b;		/* story_net(0), story_net(1) */
	struct host *at_a, *at_b;
	struct script *enemy;		/* in the same mesh */
	struct site_peer *as_peer;	/* of a; NULL: not configured */
	struct memory before;		/* of the routers, without the enemy */
};

/* Both sites and their end nodes are up and know each other; nobody lists the enemy. */
void front_open(struct front *f, uint64_t seed);

/* Site a lists the enemy, who behaves so far: see script_behave(). Both are connected then. */
void front_admit(struct front *f, const struct aurp_network *nets, const struct at_name *zones,
	size_t n);

/* The same, without waiting for the connection. */
void front_list_enemy(struct front *f, const struct aurp_network *nets,
	const struct at_name *zones, size_t n);

/* Site a, as a script sends to it. */
const struct jack *front_target(const struct front *f);

/* The pair has lost nothing: tunnel, routes, zones, echo in both directions. */
void front_assert_calm(struct front *f);

/* Name of the peer or port by which a site reaches a network; "" if it does not. */
const char *front_via(const struct site *site, uint16_t net, char text[64]);

/* The enemy is struck off the list: all is as before it came, memory too. */
void front_close(struct front *f);

#endif
