/* Opens an AURP vector down to the body of its command, and builds it up again. */
#ifndef AURPD_AURP_VECTORS_H
#define AURPD_AURP_VECTORS_H

#include "aurp.h"
#include "vectors.h"

#define AURP_A UINT32_C(0xC0000201)	/* 192.0.2.1, the data sender */
#define AURP_B UINT32_C(0xC0000202)	/* 192.0.2.2, the data receiver */

struct aurp_packet {
	struct vector vector;
	struct aurp_domain domain;
	struct aurp header;
	struct rd body;		/* after the subcode */
	uint8_t bytes[VECTOR_MAX];
	struct wr again;	/* headers written back, ready for the body */
};

/* Decodes both headers, checks which way the packet goes, and writes them into p->again. */
void aurp_open(struct aurp_packet *p, const char *name, enum aurp_msg msg);

/* p->again is the vector. */
void assert_aurp_rebuilt(const struct aurp_packet *p);

/* Reads a whole UDP payload, its body with everything in it; false if any of it does not parse. */
bool aurp_reads_whole(const uint8_t *bytes, size_t n);

#endif
