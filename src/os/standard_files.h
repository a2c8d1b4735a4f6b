/* Standard input, output and error: they are open, whoever started us. */
#ifndef AURPD_STANDARD_FILES_H
#define AURPD_STANDARD_FILES_H

/* Opens /dev/null in the place of each that is closed. To be called before anything is opened. */
void standard_files_open(void);

#endif
