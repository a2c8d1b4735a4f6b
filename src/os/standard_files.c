/*
 * Who is started with stderr closed gets its number for the next thing it
 * opens: that could be the socket of a cable, and the log would go there as
 * frames. app.c calls this first.
 */
#include "standard_files.h"

#include <fcntl.h>
#include <unistd.h>

void standard_files_open(void)
{
	int fd = open("/dev/null", O_RDWR);

	/* open() takes the lowest number that is free. */
	while (fd >= 0 && fd <= STDERR_FILENO)
		fd = open("/dev/null", O_RDWR);
	if (fd >= 0)
		close(fd);
}
