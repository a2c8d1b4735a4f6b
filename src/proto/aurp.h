/*
 * AURP: domain header, AURP header, and the body of every command. RFC 1504
 * p. 12-18 and 45-56. A packet is read in three steps: aurp_decode_domain(),
 * then (type AURP_ROUTING) aurp_decode(), then the body's own decoder, which
 * starts after the header and the subcode. Views (struct rd) in decoded structs
 * point into the packet and live as long as it does.
 */
#ifndef AURPD_AURP_H
#define AURPD_AURP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aurpd/at.h"
#include "aurpd/pkt.h"
#include "tuple.h"
#include "wire.h"

enum {
	AURP_PORT = 387,
	AURP_VERSION = 1,
	AURP_DOMAIN_HEADER = 22,	/* with two IP domain identifiers; the largest we write */
	AURP_HEADER = 8,
	/* Sizes of a whole UDP payload that we send: every router must take the first; the
	 * second is for one network's ZI-Rsp where it saves the extended form. */
	AURP_SEND_MAX = 621,
	AURP_SEND_ZONES_MAX = 1400,
	AURP_RATE_UNIT_S = 10,		/* seconds per unit of the update rate */
	AURP_DISTANCE_MAX = 15,		/* in NDC: gone */
	AURP_NOT_SUPPORTED = 0xFFFF,	/* count of GZN-Rsp, start of GDZL-Rsp */
};

/* Packet type in the domain header. */
enum aurp_type {
	AURP_DATA = 2,		/* one DDP datagram with a long header */
	AURP_ROUTING = 3,	/* one AURP packet */
};

struct aurp_domain {
	struct domain_id dst;
	struct domain_id src;
	enum aurp_type type;
};

enum aurp_domain_result {
	AURP_DOMAIN_OK,
	AURP_DOMAIN_CUT,		/* the header runs past the datagram */
	AURP_DOMAIN_BAD_DI,		/* length even, or not the authority's (T8) */
	AURP_DOMAIN_BAD_AUTHORITY,	/* reserved authority (T7) */
	AURP_DOMAIN_BAD_VERSION,	/* (T26) */
	AURP_DOMAIN_BAD_TYPE,		/* (T26) */
};

/* Reads the domain header; the distinguisher and the reserved word are ignored. */
enum aurp_domain_result aurp_decode_domain(struct rd *r, struct aurp_domain *out);
void aurp_encode_domain(struct wr *w, const struct aurp_domain *in);

/* How many bytes that writes. */
size_t aurp_domain_len(const struct aurp_domain *h);

/* Puts the domain header before what `p` holds. False, and nothing done: no headroom. */
bool aurp_push_domain(struct pkt *p, const struct aurp_domain *h);

/* Commands, with their subcodes: AURP_RI_REQ .. AURP_TICKLE_ACK. */
enum aurp_msg {
#define AURP_CMD(NAME, text, code, subcode, half, sequenced, least) AURP_##NAME,
#include "aurp_cmd.def"
#undef AURP_CMD
	AURP_MSG_COUNT,		/* how many there are; also "none of them" */
};

/* Which half of a peer receives a command; bits. */
enum aurp_half {
	AURP_RECEIVER = 1,	/* our data receiver half: the data sender sent it */
	AURP_SENDER = 2,	/* our data sender half: the data receiver sent it */
	AURP_EITHER = 3,
};

struct aurp_cmd {
	char name[12];		/* "ri-upd" */
	uint16_t code;
	uint16_t subcode;	/* 0 = has none */
	enum aurp_half half;
	bool sequenced;
	uint16_t least;		/* bytes of body after header and subcode */
};

/* The row of a command, msg < AURP_MSG_COUNT. */
const struct aurp_cmd *aurp_cmd(enum aurp_msg msg);

/*
 * The command for a code and, where the code has subcodes, a subcode (else it is
 * not looked at). AURP_MSG_COUNT: there is none.
 */
enum aurp_msg aurp_classify(uint16_t code, uint16_t subcode);

struct aurp {
	uint16_t connection;
	uint16_t sequence;
	uint16_t flags;
	enum aurp_msg msg;
};

enum aurp_result {
	AURP_OK,
	AURP_CUT,		/* shorter than the header, the subcode or the least body */
	AURP_UNKNOWN,		/* undefined command or subcode; the rest of *out is set */
};

/* Reads the header and the subcode and checks the least length of the body. */
enum aurp_result aurp_decode(struct rd *r, struct aurp *out);

/* Writes the header and the subcode. */
void aurp_encode(struct wr *w, const struct aurp *in);

/* Flags (RFC 1504 p. 47). Those not listed for a command are ignored. */
enum {
	AURP_SUI_NA = 0x4000,		/* Open-Req, RI-Req: send update information */
	AURP_SUI_ND_NRC = 0x2000,
	AURP_SUI_NDC = 0x1000,
	AURP_SUI_ZC = 0x0800,
	AURP_SUI_ALL = 0x7800,
	AURP_LAST = 0x8000,		/* RI-Rsp, GDZL-Rsp */
	AURP_ENV_REMAPPING = 0x4000,	/* Open-Rsp: environment */
	AURP_ENV_HOP_REDUCTION = 0x2000,
	AURP_SZI = 0x4000,		/* RI-Ack: send zone information */
};

/* Error codes of Open-Rsp and RD (RFC 1504 p. 55-56). */
enum aurp_error {
	AURP_ERR_NORMAL_CLOSE = -1,
	AURP_ERR_ROUTING_LOOP = -2,
	AURP_ERR_OUT_OF_SYNC = -3,
	AURP_ERR_OPTION = -4,
	AURP_ERR_VERSION = -5,
	AURP_ERR_RESOURCES = -6,
	AURP_ERR_AUTHENTICATION = -7,
};

/* "out of sync" and so on; "unknown error" for any other value. */
const char *aurp_error_text(int16_t error);

/* Option tuples of Open-Req and Open-Rsp (RFC 1504 p. 49). */
enum {
	AURP_OPTION_AUTHENTICATION = 1,
	AURP_OPTION_DATA_MAX = 254,
};

struct aurp_options {
	uint8_t count;
	struct rd tuples;	/* exactly `count` whole tuples */
};

struct aurp_option {
	uint8_t type;
	struct rd data;
};

/* The next option; false at the end. */
bool aurp_next_option(struct rd *tuples, struct aurp_option *out);

/*
 * Writes one option tuple, n <= AURP_OPTION_DATA_MAX, into a buffer that will be
 * aurp_options.tuples.
 */
void aurp_encode_option(struct wr *w, uint8_t type, const void *data, size_t n);

struct aurp_open_req {
	uint16_t version;
	struct aurp_options options;	/* none if the version is not ours: who knows its shape */
};

/* Reads the body. False: no version, or malformed options. A missing option count is 0. */
bool aurp_decode_open_req(struct rd *r, struct aurp_open_req *out);
void aurp_encode_open_req(struct wr *w, const struct aurp_open_req *in);

struct aurp_open_rsp {
	int16_t rate;			/* >= 0: update interval / 10 s; < 0: enum aurp_error */
	struct aurp_options options;
};

/* Reads the body. False: no rate, or malformed options. A missing option count is 0 (Darwin). */
bool aurp_decode_open_rsp(struct rd *r, struct aurp_open_rsp *out);
void aurp_encode_open_rsp(struct wr *w, const struct aurp_open_rsp *in);

/* RD. The header has made sure of the two bytes. */
bool aurp_decode_rd(struct rd *r, int16_t *error);
void aurp_encode_rd(struct wr *w, int16_t error);

/* Network tuples of RI-Rsp and GZN-Rsp (RFC 1504 p. 50). */
struct aurp_network {
	struct at_range range;
	uint8_t distance;	/* 0..127, hops from the data sender; 15 and more: unreachable */
};

enum {
	AURP_NETWORK_MAX = 6,	/* bytes of the larger tuple */
	AURP_EVENT_MAX = 6,
};

/* The next tuple. TUPLE_BAD: a number outside 1..FEFF, or a range that ends before it starts. */
enum tuple_step aurp_next_network(struct rd *r, struct aurp_network *out);
void aurp_encode_network(struct wr *w, const struct aurp_network *in);

static inline size_t aurp_network_size(const struct aurp_network *n)
{
	return n->range.extended ? 6 : 3;
}

/* Event tuples of RI-Upd (RFC 1504 p. 50-51). */
enum aurp_event_code {
	AURP_EV_NULL = 0,
	AURP_EV_NA = 1,		/* network added */
	AURP_EV_ND = 2,		/* network deleted */
	AURP_EV_NRC = 3,	/* network route change */
	AURP_EV_NDC = 4,	/* network distance change */
	AURP_EV_ZC = 5,		/* zone change: never sent, its layout is not defined */
};

struct aurp_event {
	enum aurp_event_code code;
	struct at_range range;	/* zeros in the null event */
	uint8_t distance;	/* NA, NDC: hops from the data sender; else of no meaning */
};

/*
 * The next event; a zero byte is a null event. TUPLE_BAD: as for a network
 * tuple. TUPLE_UNKNOWN: ZC or an undefined code, what came before stays valid.
 */
enum tuple_step aurp_next_event(struct rd *r, struct aurp_event *out);

/* Writes one event; the null event in its recommended form of four zero bytes. Never ZC. */
void aurp_encode_event(struct wr *w, const struct aurp_event *in);

static inline size_t aurp_event_size(const struct aurp_event *e)
{
	return e->range.extended ? 6 : 4;
}

/* ZI-Req: the next network number as asked; an odd final byte is ignored. False at the end. */
bool aurp_next_zi_net(struct rd *r, uint16_t *net);
void aurp_encode_zi_net(struct wr *w, uint16_t net);

/* ZI-Rsp, both forms (RFC 1504 p. 52-53). */
enum {
	AURP_OFFSETS = 0x8000,	/* how many bytes an optimised tuple can point into */
};

struct aurp_zone {
	uint16_t net;
	struct at_name zone;
};

/* A walk over a ZI-Rsp. Large (4 KB): one on the stack at a time. */
struct aurp_zone_reader {
	uint16_t count;		/* as the sender says; means something in the extended form only */
	struct rd tuples;	/* what is still to be read */
	struct rd names;	/* from the first name's length byte on: base of the offsets */
	uint8_t starts[AURP_OFFSETS / 8];	/* bit per offset: a long name starts there */
};

/* Reads the count and finds the names of a ZI-Rsp; consumes the body. */
bool aurp_decode_zi_rsp(struct rd *r, struct aurp_zone_reader *out);

/*
 * The next (network, zone), optimised tuples resolved. TUPLE_BAD: impossible
 * network, name empty or over 32 bytes, or an offset that is not that of a long
 * name wholly inside the datagram.
 */
enum tuple_step aurp_next_zone(struct aurp_zone_reader *z, struct aurp_zone *out);

/*
 * Builds the body of a ZI-Rsp. Names already written (byte for byte the same)
 * become optimised tuples, but not in the extended form (Z14, Z16).
 */
struct aurp_zone_writer {
	struct wr *w;
	bool extended;
	uint16_t count;		/* tuples written; extended: the promised number */
	size_t start;		/* where the count stands in w */
};

/* Begins after aurp_encode(). `total`: extended form, zones of the network in all its packets. */
void aurp_zones_begin(struct aurp_zone_writer *z, struct wr *w, bool extended, uint16_t total);

/* Adds one tuple. False, and nothing written: no room. zone->len is 1..32. */
bool aurp_zones_add(struct aurp_zone_writer *z, uint16_t net, const struct at_name *zone);

/* Where the writer stands, to come back to when a network's list does not fit whole (Z13). */
struct aurp_zone_mark {
	struct wr w;
	uint16_t count;
};

struct aurp_zone_mark aurp_zones_mark(const struct aurp_zone_writer *z);
void aurp_zones_rewind(struct aurp_zone_writer *z, struct aurp_zone_mark mark);

/* Fills in the count. */
void aurp_zones_end(struct aurp_zone_writer *z);

/* GZN (RFC 1504 p. 54-55). False: cut, or a name empty or over 32 bytes. */
bool aurp_decode_gzn_req(struct rd *r, struct at_name *zone);
void aurp_encode_gzn_req(struct wr *w, const struct at_name *zone);

struct aurp_gzn_rsp {
	struct at_name zone;	/* as asked */
	uint16_t count;		/* networks of the zone in all; 0 unknown, AURP_NOT_SUPPORTED */
	struct rd networks;	/* for aurp_next_network(); empty unless there are some */
};

bool aurp_decode_gzn_rsp(struct rd *r, struct aurp_gzn_rsp *out);

/* Writes all but the tuples, which follow. */
void aurp_encode_gzn_rsp(struct wr *w, const struct at_name *zone, uint16_t count);

/* GDZL (RFC 1504 p. 53-54). */
bool aurp_decode_gdzl_req(struct rd *r, uint16_t *start);
void aurp_encode_gdzl_req(struct wr *w, uint16_t start);

struct aurp_gdzl_rsp {
	uint16_t start;		/* as asked, or AURP_NOT_SUPPORTED */
	struct rd zones;	/* for aurp_next_zone_name(); empty if not supported */
};

bool aurp_decode_gdzl_rsp(struct rd *r, struct aurp_gdzl_rsp *out);

/* Writes the start index; the names follow, with wr_name(). */
void aurp_encode_gdzl_rsp(struct wr *w, uint16_t start);

/* The next name. TUPLE_BAD: empty or over 32 bytes. */
enum tuple_step aurp_next_zone_name(struct rd *zones, struct at_name *out);

#endif
