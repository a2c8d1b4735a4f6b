/*
 * systemd mounts /tmp/systemd-private-BOOT-UNIT-RANDOM/tmp over /tmp (and the
 * same for /var/tmp) when a unit has PrivateTmp=yes. app_act.c asks before it
 * tells a person where the dump is. proc(5) has the columns of mountinfo.
 */
#include "private_place.h"

#include <stdlib.h>
#include <string.h>

/* What stands between `point` and the end of the path; NULL if it is not below. */
static const char *below(const char *path, const char *point)
{
	const size_t n = strlen(point);

	return strncmp(path, point, n) == 0 && path[n] == '/' ? path + n : NULL;
}

bool private_place(FILE *mounts, const char *path, char out[PRIVATE_PLACE_MAX])
{
	char *line = NULL, root[1024], point[1024];
	bool is_private = false;
	size_t size = 0;

	/* The last mount on a folder is the one that counts. */
	while (getline(&line, &size, mounts) > 0) {
		const char *rest, *private;

		if (sscanf(line, "%*s %*s %*s %1023s %1023s", root, point) != 2)
			continue;
		rest = below(path, point);
		if (!rest || (strcmp(point, "/tmp") != 0 && strcmp(point, "/var/tmp") != 0))
			continue;
		private = strstr(root, "/systemd-private-");
		is_private = private &&
			snprintf(out, PRIVATE_PLACE_MAX, "%s%s%s", point, private, rest) <
				PRIVATE_PLACE_MAX;
	}
	free(line);
	return is_private;
}
