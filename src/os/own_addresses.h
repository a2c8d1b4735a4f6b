/* The IPv4 addresses that this machine has. */
#ifndef AURPD_OWN_ADDRESSES_H
#define AURPD_OWN_ADDRESSES_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct own_address {
	uint32_t ip;			/* in host order */
	char device[IFNAMSIZ];
};

struct own_addresses {
	struct own_address *v;
	size_t n, cap;
};

/* Asks the kernel; what it does not tell stays as it was. */
void own_addresses_read(struct own_addresses *own);
void own_addresses_fini(struct own_addresses *own);

/* `device`: on this interface alone; "": on any. */
bool own_addresses_has(const struct own_addresses *own, uint32_t ip, const char *device);

#endif
