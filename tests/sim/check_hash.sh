#!/usr/bin/env bash
# The same seed gives the same world, packet by packet, whatever the compiler:
# builds the simulator with gcc and clang, -O0 and -O2, and compares digests.
#
#     tests/sim/check_hash.sh BUILD-DIRECTORY [WORLDS [SEED]]
#
# What it builds goes into the directory. Status 0: all the same.
set -u
[ $# -ge 1 ] || { sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 64; }
mkdir -p "$1" && out=$(cd "$1" && pwd) || exit 1
worlds=${2:-25} seed=${3:-1}
cd "$(dirname "$0")/../.." || exit 1
shopt -s extglob
sources=(src/{base,proto,table,core}/*.c tests/sim/!(test_*|story*|watch_rig).c)

build() {
	local cc=$1 level=$2
	"$cc" -std=c11 "$level" -D_GNU_SOURCE -Iinclude -Isrc/{base,proto,table,core} -Itests/sim \
		"${sources[@]}" -o "$out/aurpd-sim-$cc$level" \
		-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free
}

# Every build prints its digests; all are compared with those of the first.
run() {
	local cc level first='' name status=0
	for cc in gcc clang; do
		command -v "$cc" >/dev/null || { echo "there is no $cc"; return 1; }
		for level in -O0 -O2; do
			name=$cc$level
			build "$cc" "$level" || return 1
			"$out/aurpd-sim-$name" --hash "$worlds" --seed "$seed" \
				>"$out/$name.txt" || status=1
			first=${first:-$name}
			cmp "$out/$first.txt" "$out/$name.txt" || status=1
		done
	done
	return $status
}

if ! run; then
	echo "digests of random worlds differ between compilers, or a world has a violation"
	exit 1
fi
echo "$worlds worlds from seed $seed: the same digests with gcc and clang, -O0 and -O2"
