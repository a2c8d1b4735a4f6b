/*
 * Mates: routers of other makes, as one meets them in the field. One state machine
 * (mate.c, mate_recv.c, mate_send.c) reads a row of manners for each make
 * (mate_manners.c): its timers, its one-sided RDs, the stale connection IDs that it
 * believes in. A mate has networks and zones of its own and learns those of its
 * peers; the oracle holds both to the truth.
 */
#ifndef AURPD_SIM_MATE_H
#define AURPD_SIM_MATE_H

#include "aurpd/config.h"
#include "aurp.h"
#include "mesh.h"
#include "timer.h"

struct lan;
struct script;
struct script_packet;

enum mate_make { MATE_JROUTER, MATE_VAELEN, MATE_P_AURP, MATE_DARWIN, MATE_MAKES };

/* What an RD must look like, or looks like: the data receiver's has sequence number 0. */
enum rd_form { RD_OF_RECEIVER = 1, RD_OF_SENDER = 2, RD_OF_BOTH = 3 };

/* Which packets show a data receiver that its connection lives. */
enum heed { HEED_CONNECTION, HEED_ANYTHING };

struct manners {
	const char *name;
	/* calls */
	unsigned calls;			/* of a round */
	unsigned call_s, round_s;	/* between them; from a round to the next, 0: none */
	bool ids_from_1;		/* after every start; else by chance */
	/* as data receiver */
	unsigned asks;			/* RI-Req, resend_s apart; 0: for ever */
	unsigned last_heard_s, tickles, tickle_s;
	enum heed heed;
	bool asks_zones_again;
	bool has_flags;			/* its RI-Req says what it wants to be told */
	bool drops_repeated_last;	/* a final RI-Rsp that it has had, without an RI-Ack */
	bool stops_at_15;		/* reads no tuple after one of that distance */
	bool adds_hop_to_updates;
	/* as data sender */
	unsigned resend_s, resends;	/* 0 resends: for ever */
	size_t list_most;		/* bytes of a body; 0: never split */
	bool is_terse;			/* Open-Rsp without option count */
	bool probes_when_deaf;		/* null RI-Upd each 10 s while its receiver is down */
	bool restarts_numbers;		/* from 1 with each RI-Req */
	bool drops_call_while_waiting;
	bool calls_at_stray_ack;
	bool dies_whole;		/* silence ends this half with the other */
	/* either */
	bool takes_any_id;		/* RI-Ack, Tickle, RD */
	enum rd_form hears_rd, says_rd;
	bool calls_while_dying;		/* an Open-Req after its farewell */
};

extern const struct manners mate_manners[MATE_MAKES];

enum mate_recv { MATE_RECV_DOWN, MATE_RECV_OPENING, MATE_RECV_ASKING, MATE_RECV_UP,
	MATE_RECV_TICKLING };
enum mate_send { MATE_SEND_DOWN, MATE_SEND_UP, MATE_SEND_LIST, MATE_SEND_UPDATE };

enum { MATE_NETS_MAX = 24 };

/* A network of its own: a cable that only it knows. */
struct mate_net {
	struct lan *lan;
	struct config_port config;	/* range and zones */
	bool is_gone;
};

/* One that a peer offers. */
struct mate_route {
	struct at_range range;
	uint8_t distance;
	bool is_old;			/* not yet in the list that is being read */
	struct at_name *zones;
	size_t n_zones, cap_zones;
};

struct mate_peer {
	struct mate *mate;
	const struct jack *to;
	struct endpoint at;		/* always port 387 */
	struct domain_id di;
	/* data receiver */
	enum mate_recv recv;
	uint16_t recv_id, expected;
	unsigned recv_tries;
	struct instant recv_sent, heard, round, asked;
	struct instant alive;		/* when anything came from it */
	struct mate_route *routes;
	size_t n_routes, cap_routes;
	/* data sender */
	enum mate_send send;
	uint16_t send_id, sequence;
	unsigned send_tries;
	struct instant send_sent, updated;
	bool owes_list;
	size_t list_at, list_next;	/* the packet on its way: of `told` */
	bool told[MATE_NETS_MAX];	/* as of the packet that is acknowledged, or on its way */
	enum aurp_msg msg;		/* on its way, to be sent again */
	uint16_t flags;
	uint8_t body[1472];
	size_t len;
};

struct mate {
	struct script *script;		/* its address, its packets */
	struct manners manners;		/* those of its make; tests may tame it */
	size_t index;
	bool is_on, is_frozen;
	struct instant came;		/* on, or thawed */
	uint16_t last_id;
	struct timer tick;
	struct mate_net nets[MATE_NETS_MAX];
	size_t n_nets;
	struct things peers;		/* struct mate_peer */
};

/* A mate in a mesh: every site's tunnel there lists it, and it them. */
struct mate *mesh_add_mate(struct mesh *m, enum mate_make make);

/* A network that it has; copies the zones. */
void mate_add_net(struct mate *mate, struct at_range range, const struct at_name *zones,
	size_t n);

/* The i-th mate; the one that has the jack, or NULL. */
struct mate *world_mate(const struct world *w, size_t i);
struct mate *mate_of_jack(const struct world *w, const struct jack *j);
struct jack *mate_jack(const struct mate *mate);
struct mate_peer *mate_find_peer(const struct mate *mate, const struct jack *to);

void mate_switch_on(struct mate *mate);
void mate_crash(struct mate *mate);
void mate_stop(struct mate *mate);		/* with what it says then, and off */
void mate_freeze(struct mate *mate);
void mate_thaw(struct mate *mate);

/* A network of its goes or comes: told by an update. */
void mate_set_net(struct mate *mate, size_t net, bool is_gone);

/* Has it this peer's whole list? The route to a network, NULL: it has none. */
bool mate_is_told(const struct mate_peer *p);
const struct mate_route *mate_route(const struct mate_peer *p, struct at_range range);

void world_free_mates(struct world *w);

/* --- between its files ----------------------------------------------------------------- */

void mate_transmit(struct mate_peer *p, const struct aurp *h, const void *body, size_t len);
void mate_say_rd(struct mate_peer *p);
void mate_close(struct mate_peer *p);
bool mate_is_due(const struct mate_peer *p, struct instant since, unsigned seconds);
struct instant mate_now(const struct mate_peer *p);

/* mate_recv.c */
void mate_recv_call(struct mate_peer *p);	/* a new round of Open-Reqs */
void mate_recv_tick(struct mate_peer *p);
void mate_recv_close(struct mate_peer *p);
void mate_recv_input(struct mate_peer *p, const struct aurp *h, struct rd *body);

/* mate_send.c */
void mate_send_tick(struct mate_peer *p);
void mate_send_probe(struct mate_peer *p);
void mate_send_close(struct mate_peer *p);
void mate_send_input(struct mate_peer *p, const struct aurp *h, struct rd *body);

#endif
