/*
 * Trace events: what the core has to say, typed and without text. The shell
 * prints and rate-limits them, the simulator asserts on them. Pointers are
 * valid during the call only.
 */
#ifndef AURPD_TRACE_H
#define AURPD_TRACE_H

#include "aurpd/at.h"
#include "aurpd/config.h"

enum drop_reason {
#define DROP(id, name, meaning) DROP_##id,
#include "aurpd/drop.def"
#undef DROP
	DROP_REASONS
};

/* The name used in the dump ("ddp-no-route"), and what it means. */
const char *drop_name(enum drop_reason reason);
const char *drop_meaning(enum drop_reason reason);

enum trace_kind {
#define TRACE(id, level, name) TRACE_##id,
#include "aurpd/trace.def"
#undef TRACE
	TRACE_KINDS
};

const char *trace_name(enum trace_kind kind);
enum log_level trace_level(enum trace_kind kind);

/* trace.def says which members a kind sets; the others are zero. */
struct trace_event {
	enum trace_kind kind;
	const char *port;
	const char *tunnel;
	const char *peer;
	const char *other;		/* another port or peer concerned */
	const char *text;		/* a fixed word or phrase of ours */
	struct at_range range;
	struct at_range range2;
	struct at_addr addr;
	struct mac mac;
	struct endpoint endpoint;
	struct domain_id di;
	const struct at_name *name;	/* MacRoman, from the network: escape it */
	long number;
	enum drop_reason drop;
};

#endif
