/*
 * A classic BPF program for ether_linux.c and tap_linux.c. The address test
 * stands here, and not as "packet is for another host", so that it also holds
 * for a hardware address of our own on a shared interface. EtherTalk Phase 1,
 * which has types where Phase 2 has lengths, passes so that it can be counted;
 * frames with a VLAN tag do, too: the kernel has taken it off, and whose they
 * are is not known here. The core checks everything again.
 */
#include "at_filter.h"

#include <string.h>

#include "ether_frame.h"

struct sock_fprog at_filter(struct mac own, struct sock_filter code[AT_FILTER_LENGTH])
{
	const uint32_t high = (uint32_t)own.byte[0] << 24 | (uint32_t)own.byte[1] << 16 |
		(uint32_t)own.byte[2] << 8 | own.byte[3];
	const uint32_t low = (uint32_t)own.byte[4] << 8 | own.byte[5];
	const struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0), /* to a group? */
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 1, 4, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), /* to us? */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, high, 0, 14),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, low, 0, 12),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12), /* Phase 1, or a length? */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETHER_TYPE_DDP, 9, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETHER_TYPE_AARP, 8, 0),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 1500, 8, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 14), /* AA AA 03, first of SNAP */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xAAAA0308, 0, 2),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 18),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x0007809B, 3, 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xAAAA0300, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 18),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x000080F3, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0xFFFF),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};

	_Static_assert(
		sizeof program <= AT_FILTER_LENGTH * sizeof *code, "the program has its room");
	memcpy(code, program, sizeof program);
	return (struct sock_fprog){ sizeof program / sizeof *program, code };
}
