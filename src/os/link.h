/*
 * The device under a port, whatever its kind. A link looks after itself: it
 * waits for its device, opens it when it comes, closes it when it goes, and
 * says each trouble once.
 */
#ifndef AURPD_LINK_H
#define AURPD_LINK_H

#include "aurpd/config.h"
#include "aurpd/pkt.h"
#include "aurpd/trace.h"
#include "batch.h"
#include "loop.h"

struct link;

struct link_hooks {
	void *ctx;
	/*
	 * The device is open; frames may come and go. `mac` is our hardware address on it,
	 * zero where there are none (LocalTalk).
	 */
	void (*up)(void *ctx, struct instant now, struct mac mac);
	void (*down)(void *ctx, struct instant now);
	/* The device stays open, but the cable behind it may be another one. */
	void (*changed)(void *ctx, struct instant now);
	/* A frame came; it is lent for the call. The link may not be closed inside. */
	void (*received)(void *ctx, struct instant now, struct pkt *frame);
	/* Something came that is no frame for us. */
	void (*dropped)(void *ctx, enum drop_reason reason);
	/* What a person should know: what happened and what to do, without the port's name. */
	void (*say)(void *ctx, enum log_level level, const char *text);
};

/* Links for the device of a port; `config` is only read during the call. First do link_check(). */
struct link *ether_link_new(struct loop *l, struct receive_batch *rb,
	const struct config_port *config, const struct link_hooks *hooks);
struct link *tap_link_new(struct loop *l, struct receive_batch *rb,
	const struct config_port *config, const struct link_hooks *hooks);
struct link *ltoudp_link_new(struct loop *l, struct receive_batch *rb,
	const struct config_port *config, const struct link_hooks *hooks);
struct link *tashtalk_link_new(struct loop *l, struct receive_batch *rb,
	const struct config_port *config, const struct link_hooks *hooks);

/* Looks at the device: opens, closes or leaves it. To be called whenever it may have changed. */
void link_check(struct link *k);

/* The last try failed for lack of a capability. */
bool link_is_denied(const struct link *k);

/* Copies a frame into the batch that link_flush() sends. Frames for a closed device are dropped. */
void link_send(struct link *k, const struct pkt *frame);
void link_flush(struct link *k);

void link_set_multicast(struct link *k, struct mac group, bool join);

/* Our node on a LocalTalk link, 0: none; for a device that answers for it by itself. */
void link_set_node(struct link *k, uint8_t node);

struct losses link_losses(const struct link *k);

/* Sends what is left and closes the device, without a word to the hooks. */
void link_close(struct link *k);

#endif
