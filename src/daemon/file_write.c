/*
 * Atomic replacement of a file, for dump.c and state.c. The temporary name
 * stands in the same folder and is never followed if it is a link.
 */
#include "file_write.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* On disk before it gets its name; a place that cannot be flushed needs no flush. */
static bool is_flushed(FILE *out, enum file_care care)
{
	if (fflush(out) != 0 || ferror(out))
		return false;
	return care == FILE_MAY_BE_LOST || fsync(fileno(out)) == 0 || errno == EINVAL ||
		errno == EROFS;
}

bool file_replace(const char *path, enum file_care care, void (*write)(FILE *out, void *ctx),
	void *ctx)
{
	char temporary[4096];
	FILE *out = NULL;
	bool ok;
	int fd, error;

	if ((size_t)snprintf(temporary, sizeof temporary, "%s.XXXXXX", path) >= sizeof temporary) {
		errno = ENAMETOOLONG;
		return false;
	}
	fd = mkstemp(temporary);
	if (fd < 0)
		return false;
	if (fchmod(fd, 0640) == 0)
		out = fdopen(fd, "w");
	if (!out) {
		error = errno;
		close(fd);
		unlink(temporary);
		errno = error;
		return false;
	}
	errno = 0;
	write(out, ctx);
	ok = is_flushed(out, care);
	error = errno;			/* of the first write that failed */
	ok = fclose(out) == 0 && ok;
	if (ok && rename(temporary, path) < 0) {
		error = errno;
		ok = false;
	}
	if (!ok)
		unlink(temporary);
	errno = error ? error : EIO;
	return ok;
}
