/* Addresses by getifaddrs(); daemon/tunnels.c reads them anew when ifwatch.c hears of a change. */
#include "own_addresses.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xmem.h"

static void add(struct own_addresses *own, const struct ifaddrs *a)
{
	struct sockaddr_in in;
	struct own_address *o;

	memcpy(&in, a->ifa_addr, sizeof in);
	own->v = xmem_grow(own->v, own->n, &own->cap, sizeof *own->v);
	o = &own->v[own->n++];
	o->ip = ntohl(in.sin_addr.s_addr);
	snprintf(o->device, sizeof o->device, "%s", a->ifa_name);
	o->device[strcspn(o->device, ":")] = '\0';	/* of "eth0:1", ifconfig's second address */
}

void own_addresses_read(struct own_addresses *own)
{
	struct ifaddrs *all;

	if (getifaddrs(&all) < 0)
		return;
	own->n = 0;
	for (const struct ifaddrs *a = all; a; a = a->ifa_next)
		if (a->ifa_addr && a->ifa_addr->sa_family == AF_INET)
			add(own, a);
	freeifaddrs(all);
}

void own_addresses_fini(struct own_addresses *own)
{
	free(own->v);
	*own = (struct own_addresses){ 0 };
}

bool own_addresses_has(const struct own_addresses *own, uint32_t ip, const char *device)
{
	for (size_t i = 0; i < own->n; i++)
		if (own->v[i].ip == ip && (!*device || strcmp(own->v[i].device, device) == 0))
			return true;
	return false;
}
