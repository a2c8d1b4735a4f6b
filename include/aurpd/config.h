/*
 * The configuration as plain, validated data: what the text of aurpd.conf(5)
 * means. The daemon's parser makes it, router_apply() takes it by difference.
 * Identity is by name: a port, tunnel or peer that keeps its name is the same
 * one before and after a reload. Strings are UTF-8 without control characters.
 */
#ifndef AURPD_CONFIG_H
#define AURPD_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aurpd/at.h"
#include "aurpd/mtime.h"

enum {
	CONFIG_NAME_MAX = 63,		/* bytes of a section name */
	CONFIG_HOST_MAX = 253,		/* bytes of a host name (RFC 1035) */
	CONFIG_PATH_MAX = 255,
	CONFIG_DEVICE_MAX = 15,		/* of an interface: IFNAMSIZ - 1 */
	CONFIG_ALTNAME_MAX = 127,	/* of an alternative name of one: ALTIFNAMSIZ - 1 */
};

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

enum port_kind { PORT_ETHERTALK, PORT_LTOUDP, PORT_TASHTALK };

/* Inside AppleTalk ch. 5, "Initialization"; the soft seed is a custom of later routers. */
enum seed_mode {
	SEED_HARD,	/* use the configured range and zones; a conflict stops the port */
	SEED_SOFT,	/* use them unless the cable already has others: then adopt those */
	SEED_NONE,	/* learn both from another router */
};

struct config_port {
	char name[CONFIG_NAME_MAX + 1];
	enum port_kind kind;
	char device[CONFIG_PATH_MAX + 1];	/* an interface; the path of a serial device */
	bool is_tap;			/* the shell creates `device` as a tap */
	enum seed_mode seed;
	struct at_range range;		/* first == 0: none configured */
	struct at_name *zones;		/* [0] is the default zone */
	size_t n_zones;
	struct at_addr address;		/* tried first; net 0: no wish */
	bool has_hardware_address;
	struct mac hardware_address;
	/* ask the interface for all multicast, not only AppleTalk's */
	bool all_multicast;
	/* RTMP Data names this cable and nothing else (fragile clients) */
	bool own_net_only;
};

/* How often at least something is sent to a peer, so that translators forget nothing. */
struct config_keepalive {
	enum {
		KEEPALIVE_UNSET,	/* of a peer: as its tunnel; of a tunnel: auto */
		KEEPALIVE_AUTO,		/* towards those who need it */
		KEEPALIVE_EVERY,	/* as `every` says */
	} mode;
	struct span every;		/* 0: never */
};

struct config_peer {
	char name[CONFIG_NAME_MAX + 1];
	char host[CONFIG_HOST_MAX + 1];	/* name or address; resolved by the shell */
	uint16_t port;
	uint32_t domain_identifier;	/* tells it from others at its address; 0: none given */
	struct config_keepalive keepalive;
};

struct config_tunnel {
	char name[CONFIG_NAME_MAX + 1];
	struct endpoint listen;		/* ip 0: every address */
	char device[CONFIG_ALTNAME_MAX + 1];	/* datagrams of this interface alone; "": of all */
	bool accept_unknown;
	struct span update_interval;	/* >= 10 s, whole tens (RFC 1504 p. 29, 48) */
	struct span last_heard_timeout;	/* >= 30 s (RFC 1504 p. 40) */
	struct config_keepalive keepalive;
	size_t max_unknown_peers;	/* peers that nobody configured, with accept_unknown */
	size_t max_networks_per_peer;	/* that one may offer us; 0: no limit but the table's */
	size_t max_zones_per_peer;	/* entries in the zone lists of these; 0: likewise */
	struct config_peer *peers;
	size_t n_peers;
};

struct config {
	char name[CONFIG_NAME_MAX + 1];
	struct at_name nbp_name;	/* the same in MacRoman: our object name in NBP */
	bool public_address_auto;	/* DI = the address that packets leave from */
	uint32_t public_address;
	char dump_file[CONFIG_PATH_MAX + 1];
	char state_file[CONFIG_PATH_MAX + 1];	/* last addresses of ports; "" = none */
	enum log_level log_level;
	size_t max_networks;		/* table limits; reaching one is said, not fatal */
	size_t max_zones;
	/* a network that is reached by a port is not left to a peer that offers a shorter way */
	bool keep_local;
	struct config_port *ports;
	size_t n_ports;
	struct config_tunnel *tunnels;
	size_t n_tunnels;
};

#endif
