/* What systemd wants to hear (sd_notify(3)), and whether it listens. */
#ifndef AURPD_NOTIFY_H
#define AURPD_NOTIFY_H

#include <stdbool.h>

#include "aurpd/mtime.h"

/*
 * Sends "KEY=VALUE\n..." to the socket named in $NOTIFY_SOCKET. False if there
 * is none or it does not take the message; nobody minds.
 */
bool notify_send(const char *message);

/* How often "WATCHDOG=1" is due: half of $WATCHDOG_USEC; 0 if nobody watches this process. */
struct span notify_watchdog_interval(void);

/* Is stderr the journal's? Then messages carry a priority prefix and no time. */
bool notify_stderr_is_journal(void);

#endif
