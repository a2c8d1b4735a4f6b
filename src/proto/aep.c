/* AEP packets (Inside AppleTalk ch. 6), for svc_aep.c. */
#include "aep.h"

#include <assert.h>

bool aep_decode(struct rd *r, enum aep_function *out)
{
	uint8_t function = rd_u8(r);

	*out = (enum aep_function)function;
	return function == AEP_REQUEST || function == AEP_REPLY;
}

void aep_encode(struct wr *w, enum aep_function function, const void *data, size_t n)
{
	assert(n <= AEP_DATA_MAX);
	wr_u8(w, (uint8_t)function);
	wr_bytes(w, data, n);
}
