/* Faults as lines of text, with the numbers that they have in their world. */
#include "random.h"

static const char *const names[] = {
	[FAULT_WEATHER] = "weather",
	[FAULT_CUT_ONE_WAY] = "cut one way",
	[FAULT_CUT_PAIR] = "cut both ways",
	[FAULT_PARTITION] = "partition",
	[FAULT_CRASH] = "crash",
	[FAULT_STOP] = "orderly stop",
	[FAULT_SAME_SEED] = "crash, same connection IDs again",
	[FAULT_MOVE] = "another address",
	[FAULT_PORT_REMOVED] = "port removed",
	[FAULT_PEER_REMOVED] = "peer removed",
	[FAULT_TUNNEL_DOWN] = "tunnel down",
	[FAULT_LINK_DOWN] = "link down",
	[FAULT_LAN_CUT] = "cable cut",
	[FAULT_LAN_LOSS] = "bad cable",
	[FAULT_REZONED] = "cable off, then with other zones",
	[FAULT_RENUMBERED] = "cable off, then with other numbers",
	[FAULT_CLAIM] = "cable with numbers of another",
	[FAULT_TRAFFIC] = "everybody echoes",
	[FAULT_REFRESH] = "refresh",
	[FAULT_FORGERY] = "forged packets",
	[FAULT_STRANGER] = "packets from a stranger",
	[FAULT_DEATH] = "death",
	[FAULT_QUICK_STOP] = "orderly stop and on again",
	[FAULT_QUICK_CRASH] = "crash and soon on again",
	[FAULT_FREEZE] = "stopped process",
	[FAULT_UNLISTED] = "another address, its name lags",
	[FAULT_NAT_FORGETS] = "translator forgets",
	[FAULT_NAT_REBOOTS] = "translator reboots",
	[FAULT_MATE_QUICK] = "mate crashes and is soon on again",
	[FAULT_MATE_CRASH] = "mate crashes",
	[FAULT_MATE_STOP] = "mate stops",
	[FAULT_MATE_FREEZE] = "mate is a stopped process",
	[FAULT_MATE_NET] = "mate loses a network",
	[FAULT_SABOTAGE] = "sabotage",
};

void fault_print(FILE *to, const struct fault *f)
{
	fprintf(to, "  %lld.%03lld s for %lld.%03lld s: %s (%u %u %u)\n",
		(long long)(f->at.us / 1000000), (long long)(f->at.us / 1000 % 1000),
		(long long)(f->lasts.us / 1000000), (long long)(f->lasts.us / 1000 % 1000),
		names[f->kind], (unsigned)f->a, (unsigned)f->b, (unsigned)f->c);
}

static void print_port(FILE *to, const struct site_port *p)
{
	static const char *const seeds[] = { [SEED_HARD] = "hard", [SEED_SOFT] = "soft",
		[SEED_NONE] = "none" };

	fprintf(to, "  lan%zu %s %s %u-%u (%zu zones)", p->lan->index,
		p->lan->kind == PORT_ETHERTALK ? "EtherTalk" : "LocalTalk", seeds[p->config.seed],
		p->config.range.first, p->config.range.last, p->config.n_zones);
}

static void print_translator(FILE *to, const struct jack *j)
{
	const struct nat *n = j->nat;

	if (n)
		fprintf(to, "/nat%zu%s%s%s%s", n->index, n->keeps_port ? " keeps port" : "",
			n->is_symmetric ? " symmetric" : "", n->outer ? " two levels" : "",
			n->n_forwards > 0 ? " forwards" : "");
}

static void print_mate(FILE *to, const struct mate *mate)
{
	fprintf(to, "mate %zu (%s): mesh%zu", mate->index, mate->manners.name,
		mate_jack(mate)->mesh->index);
	for (size_t i = 0; i < mate->n_nets; i++)
		fprintf(to, "  %u-%u (%zu zones)", mate->nets[i].config.range.first,
			mate->nets[i].config.range.last, mate->nets[i].config.n_zones);
	fprintf(to, "\n");
}

void map_print(FILE *to, const struct world *w)
{
	for (size_t i = 0; i < w->sites.n; i++) {
		const struct site *site = world_site(w, i);

		fprintf(to, "%s:", site->config.name);
		for (size_t k = 0; k < site->ports.n; k++)
			print_port(to, site_port(site, k));
		for (size_t k = 0; k < site->tunnels.n; k++) {
			fprintf(to, "  mesh%zu%s", site_tunnel(site, k)->jack.mesh->index,
				site_tunnel(site, k)->config.accept_unknown ? " open" : "");
			print_translator(to, &site_tunnel(site, k)->jack);
		}
		fprintf(to, "\n");
	}
	for (size_t i = 0; i < w->mates.n; i++)
		print_mate(to, world_mate(w, i));
	for (size_t i = 0; i < w->hosts.n; i++)
		fprintf(to, "host %zu: lan%zu\n", i, world_host(w, i)->lan->index);
}
