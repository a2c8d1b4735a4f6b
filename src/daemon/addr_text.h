/* Addresses as people write them, for the configuration, the log, the dump and the state file. */
#ifndef AURPD_ADDR_TEXT_H
#define AURPD_ADDR_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "aurpd/at.h"

enum { ADDR_TEXT_SIZE = 32 };

/* Each writes at most ADDR_TEXT_SIZE bytes and returns `out`. */
const char *ip_text(uint32_t ip, char out[ADDR_TEXT_SIZE]);
const char *endpoint_text(struct endpoint e, char out[ADDR_TEXT_SIZE]);	/* 198.51.100.7:387 */
const char *at_addr_text(struct at_addr a, char out[ADDR_TEXT_SIZE]);	/* 100.128 */
const char *at_range_text(struct at_range r, char out[ADDR_TEXT_SIZE]);	/* 100-101; 200 */
const char *mac_text(struct mac m, char out[ADDR_TEXT_SIZE]);

/* The whole text is the value; false otherwise. ip is in host order. */
bool ip_parse(const char *text, uint32_t *out);
bool at_addr_parse(const char *text, struct at_addr *out);
bool mac_parse(const char *text, struct mac *out);

#endif
