/* What all parts of the shell share; app.c fills it once, before the first of them starts. */
#ifndef AURPD_SHELL_H
#define AURPD_SHELL_H

#include "aurpd/router.h"
#include "batch.h"
#include "log.h"
#include "loop.h"
#include "resolve.h"

struct shell {
	struct loop *loop;
	struct router *router;
	struct receive_batch *in;
	struct resolver *resolver;
	struct log log;
};

#endif
