/* The questions that svc_zip.c hands on: zone lists and GetNetInfo (Inside AppleTalk ch. 8). */
#ifndef AURPD_ZIP_ANSWER_H
#define AURPD_ZIP_ANSWER_H

#include "forward.h"

/* svc_zip_answer.c: a Query, and a GetNetInfo request. */
void zip_on_query(struct router *r, const struct datagram *d);
void zip_on_get_net_info(struct router *r, const struct datagram *d);

/* svc_zip_list.c: GetMyZone, GetZoneList, GetLocalZones. */
void zip_on_atp(struct router *r, const struct datagram *d);

#endif
