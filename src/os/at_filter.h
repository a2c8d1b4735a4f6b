/* The kernel's part in receiving: a filter that lets only AppleTalk for us through. */
#ifndef AURPD_AT_FILTER_H
#define AURPD_AT_FILTER_H

#include <linux/filter.h>

#include "aurpd/at.h"

enum { AT_FILTER_LENGTH = 20 };

/*
 * Fills `code` and returns the program: 802.3 frames with a SNAP header of
 * AppleTalk or AARP, and Ethernet II frames with their types, sent to a group or
 * to `own`. Whether a frame had a VLAN tag is not looked at.
 */
struct sock_fprog at_filter(struct mac own, struct sock_filter code[AT_FILTER_LENGTH]);

#endif
