/* The kinds of values that options have; each group names the file that defines it. */
#ifndef AURPD_CONF_KINDS_H
#define AURPD_CONF_KINDS_H

#include "conf_option.h"

/* conf_value.c: words and names */
extern const struct conf_kind conf_kind_name;
extern const struct conf_kind conf_kind_path;
extern const struct conf_kind conf_kind_device;
extern const struct conf_kind conf_kind_tap;
extern const struct conf_kind conf_kind_interface;
extern const struct conf_kind conf_kind_serial;
extern const struct conf_kind conf_kind_flag;
extern const struct conf_kind conf_kind_log_level;
extern const struct conf_kind conf_kind_seed;
extern const struct conf_kind conf_kind_zones;
extern const struct conf_kind conf_kind_zone;

/* conf_number.c: plain numbers */
extern const struct conf_kind conf_kind_number;
extern const struct conf_kind conf_kind_seconds;
extern const struct conf_kind conf_kind_keepalive;
extern const struct conf_kind conf_kind_udp_port;

/* conf_addr.c: everything with numbers of networks and hosts in it */
extern const struct conf_kind conf_kind_public_address;
extern const struct conf_kind conf_kind_domain_id;
extern const struct conf_kind conf_kind_listen;
extern const struct conf_kind conf_kind_host;
extern const struct conf_kind conf_kind_range;
extern const struct conf_kind conf_kind_network;
extern const struct conf_kind conf_kind_address;
extern const struct conf_kind conf_kind_mac;

/* Complains about a value: `option "value": reason`. Always false. */
bool conf_bad_value(const struct conf_value *v, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * The decimal number at *text, without sign or leading zeros beyond "0", and
 * at most `most`; *text then stands behind it. False if there is none.
 */
bool conf_number(const char **text, long most, long *out);

#endif
