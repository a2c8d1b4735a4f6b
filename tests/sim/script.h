/*
 * A scripted AURP peer: an address that says what the test wants, byte for byte,
 * and keeps what it hears. For liars, floods, and those who stop half-way.
 */
#ifndef AURPD_SIM_SCRIPT_H
#define AURPD_SIM_SCRIPT_H

#include "aurp.h"
#include "mesh.h"

enum { SCRIPT_KEPT = 256 };

struct script_packet {
	struct instant at;
	struct endpoint from;
	enum aurp_msg msg;		/* AURP_MSG_COUNT: data, or unreadable */
	struct aurp header;		/* if msg says so */
	size_t len;			/* whole UDP payload */
	uint8_t bytes[1472];
};

struct script_manners;

struct script {
	struct world *world;
	struct jack jack;
	bool offers_nothing;		/* no network is behind it, true or not: for the watch */
	struct domain_id di;		/* at first made from its address */
	struct script_packet *heard;	/* the last SCRIPT_KEPT; see script_heard() */
	size_t n_heard;			/* in all */
	uint64_t msg[AURP_MSG_COUNT];	/* in all, by command */
	uint64_t data;
	uint64_t bytes_in, bytes_out;	/* UDP payloads: for amplification */
	/* called with every packet, if set; it may answer at once */
	void (*on_packet)(struct script *s, const struct script_packet *p);
	void *ctx;
	struct script_manners *manners;
};

struct script *world_add_script(struct world *w, struct mesh *m);

/* The i-th packet heard from the end, 0 the latest; NULL if there is none. */
const struct script_packet *script_heard(const struct script *s, size_t i);

/* The latest packet of a command; NULL if none is kept. */
const struct script_packet *script_last(const struct script *s, enum aurp_msg msg);

/* The body of a kept packet, after header and subcode. */
struct rd script_body(const struct script_packet *p);

/* A raw UDP payload. */
void script_send_raw(struct script *s, struct endpoint to, const void *bytes, size_t len);

/* An AURP packet: header, and a body that the test encoded (subcode excluded). */
void script_send(struct script *s, const struct jack *to, const struct aurp *h, const void *body,
	size_t len);

/* The same to whatever place and domain. */
void script_send_to(struct script *s, struct endpoint to, struct domain_id di,
	const struct aurp *h, const void *body, size_t len);

/* A DDP datagram with a long header in a data packet. */
void script_send_data(struct script *s, const struct jack *to, const void *datagram, size_t len);

/* Common bodies. */
void script_send_open_req(struct script *s, const struct jack *to, uint16_t connection);
void script_send_open_rsp(struct script *s, const struct jack *to, uint16_t connection,
	int16_t rate);
void script_send_rd(struct script *s, const struct jack *to, uint16_t connection,
	uint16_t sequence, int16_t error);
void script_send_networks(struct script *s, const struct jack *to, uint16_t connection,
	uint16_t sequence, uint16_t flags, const struct aurp_network *nets, size_t n);
void script_send_events(struct script *s, const struct jack *to, uint16_t connection,
	uint16_t sequence, const struct aurp_event *events, size_t n);
void script_send_zones(struct script *s, const struct jack *to, uint16_t connection,
	const struct aurp_zone *zones, size_t n);

/*
 * A well-behaved peer from now on, in all that the test does not do itself: answers
 * Open-Req, RI-Req, ZI-Req and Tickle, acknowledges what is sequenced, offers these
 * networks with these zones (zones[i] belongs to nets[i]; lent). on_packet is free.
 */
void script_behave(struct script *s, const struct aurp_network *nets, const struct at_name *zones,
	size_t n);

/* With manners: the connection in which it is data sender, and its next sequence number. */
uint16_t script_connection(const struct script *s);
uint16_t script_sequence(const struct script *s);

/* The connection in which it is data receiver. */
uint16_t script_own_connection(const struct script *s);

/* script_manners.c, for script.c. */
void script_answer(struct script *s, const struct script_packet *p);

#endif
