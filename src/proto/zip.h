/*
 * ZIP, and the part of ATP that its three zone list requests need. Inside
 * AppleTalk ch. 8 and 9. All functions work on DDP data; a decoder starts at
 * the command byte (ATP: at the control byte) and checks it.
 */
#ifndef AURPD_ZIP_H
#define AURPD_ZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aurpd/at.h"
#include "tuple.h"
#include "wire.h"

enum zip_command {
	ZIP_NONE = 0,		/* empty packet or undefined command */
	ZIP_QUERY = 1,
	ZIP_REPLY = 2,
	ZIP_TAKEDOWN = 3,	/* Phase 1: ignore */
	ZIP_BRINGUP = 4,	/* Phase 1: ignore */
	ZIP_GET_NET_INFO = 5,
	ZIP_NET_INFO_REPLY = 6,
	ZIP_NOTIFY = 7,
	ZIP_EXTENDED_REPLY = 8,
};

/* Flags of the GetNetInfo reply. */
enum {
	ZIP_ZONE_INVALID = 0x80,	/* the default zone stands at the end */
	ZIP_USE_BROADCAST = 0x40,	/* there is no zone multicast address */
	ZIP_ONLY_ONE_ZONE = 0x20,
};

enum {
	ZIP_QUERY_NETS_MAX = 255,
	ZIP_ZONES_DATA_MAX = 578,	/* names in one ATP response */
};

/* The command of a packet, without consuming anything. */
enum zip_command zip_peek_command(const struct rd *r);

/*
 * Reads a Query and leaves `*nets` over its network numbers. False: cut, also
 * when the count promises more than there is; what follows them is ignored.
 */
bool zip_decode_query(struct rd *r, struct rd *nets);

/* The next network number as asked (any value); false at the end. */
bool zip_next_net(struct rd *nets, uint16_t *out);

/* Writes a Query for n networks, n <= ZIP_QUERY_NETS_MAX. */
void zip_encode_query(struct wr *w, const uint16_t *nets, size_t n);

/* A Reply or Extended Reply. */
struct zip_reply {
	bool extended;
	/* Extended: the number of zones of that one network, in this packet or not. Otherwise
	 * of no use: senders disagree on what it counts (Z05). */
	uint8_t count;
	struct rd tuples;	/* read to its end with zip_next_tuple() */
};

struct zip_tuple {
	uint16_t net;
	struct at_name zone;
};

/* Reads either Reply up to its tuples, which are left in out->tuples and consumed. */
bool zip_decode_reply(struct rd *r, struct zip_reply *out);

/* The next (network, zone). TUPLE_BAD: no such network, name empty or over 32 bytes (Z10). */
enum tuple_step zip_next_tuple(struct rd *tuples, struct zip_tuple *out);

/* Writes command and count; the tuples follow. */
void zip_encode_reply_header(struct wr *w, bool extended, uint8_t count);
void zip_encode_tuple(struct wr *w, uint16_t net, const struct at_name *zone);

/* Bytes that zip_encode_tuple() will write. */
static inline size_t zip_tuple_size(const struct at_name *zone)
{
	return 3 + (size_t)zone->len;
}

/*
 * Reads a GetNetInfo request: the zone wanted, empty for none. The five filler
 * bytes are ignored (Z23).
 */
bool zip_decode_get_net_info(struct rd *r, struct at_name *zone);
void zip_encode_get_net_info(struct wr *w, const struct at_name *zone);

struct zip_net_info {
	uint8_t flags;
	struct at_range range;		/* as received: check before use; extended is always true */
	struct at_name zone;		/* the zone asked for, byte for byte */
	bool has_multicast;
	struct mac multicast;		/* of that zone, else of the default zone */
	struct at_name default_zone;	/* present if flags has ZIP_ZONE_INVALID, else empty */
};

/* Reads a GetNetInfo reply. False: cut, a name over 32 bytes, multicast length not 0 or 6. */
bool zip_decode_net_info(struct rd *r, struct zip_net_info *out);

/* Writes a GetNetInfo reply; the default zone only if flags has ZIP_ZONE_INVALID. */
void zip_encode_net_info(struct wr *w, const struct zip_net_info *in);

struct zip_notify {
	uint8_t flags;
	struct at_name old_zone;
	bool has_multicast;
	struct mac multicast;		/* of the new zone */
	struct at_name new_zone;
};

bool zip_decode_notify(struct rd *r, struct zip_notify *out);
void zip_encode_notify(struct wr *w, const struct zip_notify *in);

/* The zone list requests, carried by ATP (DDP type 3). */
enum zip_atp_function {
	ZIP_GET_MY_ZONE = 7,
	ZIP_GET_ZONE_LIST = 8,
	ZIP_GET_LOCAL_ZONES = 9,
};

struct zip_atp_request {
	uint16_t tid;
	enum zip_atp_function function;
	uint16_t start;		/* the first zone wanted, from 1; old clients send 0 (Z28) */
};

/*
 * Reads a request. False: cut, not a TReq (with or without XO), bitmap bit 0
 * clear (Z33, Z34), or another function.
 */
bool zip_decode_atp_request(struct rd *r, struct zip_atp_request *out);
void zip_encode_atp_request(struct wr *w, const struct zip_atp_request *in);

struct zip_atp_response {
	uint16_t tid;
	bool last;
	uint16_t count;		/* as the sender says */
	struct rd zones;	/* read to its end with zip_next_zone() */
};

/*
 * Reads the response to any of the three up to its names, which are consumed.
 * False: cut, not a TResp, sequence not 0.
 */
bool zip_decode_atp_response(struct rd *r, struct zip_atp_response *out);

/* The next name of a list of names. TUPLE_BAD: empty or over 32 bytes. */
enum tuple_step zip_next_zone(struct rd *zones, struct at_name *out);

/* Builds a response name by name; the count is kept. */
struct zip_zone_writer {
	struct wr *w;
	size_t start;		/* where the response begins in w */
	uint16_t count;
};

void zip_zones_begin(struct zip_zone_writer *z, struct wr *w, uint16_t tid);

/* Adds one whole name. False, and nothing written: past 578 bytes or the writer's end. */
bool zip_zones_add(struct zip_zone_writer *z, const struct at_name *zone);

/* Fills in the count and the LastFlag. */
void zip_zones_end(struct zip_zone_writer *z, bool last);

#endif
