/*
 * What the scenario tests (test_story_*.c) have in common: sites with a cable of
 * their own, full meshes of them, what everybody must know when nothing is
 * broken any more, and the end of every story.
 */
#ifndef AURPD_SIM_STORY_H
#define AURPD_SIM_STORY_H

#include "world.h"

/* Longer variants of the stories: AURPD_SIM_LONG=1. */
bool story_is_long(void);

/* Built with AddressSanitizer: an order of magnitude slower, so the crowds are smaller. */
bool story_is_slow(void);

/* "Zone 7"; `text` holds 32 bytes. Networks: 1000 + 10 i to that + 1. */
const char *story_zone(size_t i, char *text);
uint16_t story_net(size_t i);

/* A site with its own EtherTalk cable: story_net(i), story_zone(i). Port 0. */
struct site *story_add_site(struct world *w, size_t i);

/* A port more, with a cable of its own. */
struct site_port *story_add_net(struct site *site, uint16_t net, const char *zone);

/* A world with n such sites in one full mesh, off. story_mesh_of() is that mesh. */
struct world *story_mesh(uint64_t seed, size_t n);
struct mesh *story_mesh_of(const struct world *w);
void story_switch_on(struct world *w);

/* The address of a site's first tunnel. */
struct jack *story_jack(const struct site *site);

/* Does every site that is on know what the oracle says, as the topology is now? */
bool story_agrees(struct world *w);

/* Runs until that is so, at most so many seconds (a test fails then). How long it took. */
unsigned story_settle(struct world *w, unsigned most_s);

/*
 * The end: settled within so many seconds, then the checks at rest (silent tunnels, every
 * name from every cable, echo), no rule broken, all memory given back.
 */
void story_end(struct world *w, unsigned most_s);

/* The same without the checks at rest, as scripts are beyond the oracle. */
void story_end_as_it_is(struct world *w);

/* Repeats `what` every so often while `d` passes. */
void story_repeat(struct world *w, struct span d, struct span every,
	void (*what)(struct world *w, void *ctx), void *ctx);

#endif
