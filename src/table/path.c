/*
 * The one comparison of two ways to a network: RFC 1504 p. 33-38 (central table
 * with alternative paths) and Inside AppleTalk ch. 5 on one structure.
 */
#include "path.h"

#include <stddef.h>

void path_owner_init(struct path_owner *owner, const struct path_owner_ops *ops,
	const char *name)
{
	owner->ops = ops;
	owner->name = name;
	list_init(&owner->paths);
}

bool path_is_better(const struct path *a, const struct path *b)
{
	if (path_is_usable(a) != path_is_usable(b))
		return path_is_usable(a);
	if (path_is_bad(a) != path_is_bad(b))
		return path_is_bad(a);	/* both useless: keep telling neighbours */
	if ((a->kind == PATH_ATTACHED) != (b->kind == PATH_ATTACHED))
		return a->kind == PATH_ATTACHED;
	if (a->distance != b->distance)
		return a->distance < b->distance;
	return a->kind != PATH_TUNNEL && b->kind == PATH_TUNNEL;
}

const char *path_owner_name(const struct path *p)
{
	return p->owner ? p->owner->name : NULL;
}

void path_name_owner(const struct path *p, struct trace_event *e)
{
	if (p->owner)
		p->owner->ops->name(p->owner, e);
}
