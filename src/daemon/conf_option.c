/*
 * The table of options, made from options.def. conf.c builds the grammar from
 * it, conf_print.c walks it, conf_suggest.c searches it.
 */
#include "conf_option.h"

#include "conf_kinds.h"

#define STRUCT_ROUTER struct config
#define STRUCT_ETHERTALK struct config_port
#define STRUCT_LTOUDP struct config_port
#define STRUCT_TASHTALK struct config_port
#define STRUCT_TUNNEL struct config_tunnel
#define STRUCT_PEER struct config_peer

const struct conf_option conf_options[] = {
#define OPTION(sec, nm, kd, member, lo, hi, by, def) \
	{ SECTION_##sec, nm, &conf_kind_##kd, offsetof(STRUCT_##sec, member), \
	  sizeof(((STRUCT_##sec *)0)->member), lo, hi, by, def },
#include "options.def"
#undef OPTION
};

const size_t conf_n_options = sizeof conf_options / sizeof *conf_options;

const char *conf_section_name(enum conf_section s)
{
	static const char *const names[CONF_SECTIONS] = {
		[SECTION_ROUTER] = "router",
		[SECTION_ETHERTALK] = "ethertalk",
		[SECTION_LTOUDP] = "ltoudp",
		[SECTION_TASHTALK] = "tashtalk",
		[SECTION_TUNNEL] = "tunnel",
		[SECTION_PEER] = "peer",
	};

	return names[s];
}

enum conf_section conf_section_of(enum port_kind kind)
{
	static const enum conf_section sections[] = {
		[PORT_ETHERTALK] = SECTION_ETHERTALK,
		[PORT_LTOUDP] = SECTION_LTOUDP,
		[PORT_TASHTALK] = SECTION_TASHTALK,
	};

	return sections[kind];
}
