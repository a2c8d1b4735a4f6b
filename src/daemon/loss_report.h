/* What a person is told of packets that got lost between the kernel and us. */
#ifndef AURPD_LOSS_REPORT_H
#define AURPD_LOSS_REPORT_H

#include "aurpd/pause.h"
#include "batch.h"
#include "log.h"

/* What to do when the kernel has no room. */
extern const char loss_remedy_kernel[];

/* The losses of one port or tunnel. All strings outlive it. */
struct loss_report {
	const char *owner, *name;	/* "port", "lan" */
	const char *sender;		/* what does not send, if something does not */
	const char *remedy;		/* for what found no room */
	/* The rest begins zeroed. */
	struct losses said;
	struct pause pause;
};

/* Says what got lost since it was said last, ever more rarely. */
void loss_report(struct loss_report *r, struct log *log, struct instant now, struct losses l);

#endif
