#!/usr/bin/env bash
# Builds aurpd in every way and runs every test. From a bare Debian machine:
#
#     sudo tests/run.sh [--quick | --long]
#     sudo tests/run.sh --sim WORLDS [--seed FIRST]
#
# --quick leaves out what takes long: the system tests of the sanitized daemon,
# coverage, the comparison of compilers, most random worlds, the fuzzers.
# --long is for the night: an hour of use, long stories, ten minutes a fuzzer,
# the rest of the README, Debian 13's compiler, and worlds that nobody has seen.
# --sim only lives through random worlds and ends with one line: how many seeds,
# router-hours, packets, violations. A violation is told by its seed and the
# shortest list of faults that shows it.
# Everything built or logged goes into build/. The last line is the sum; the
# exit status is 0 only if nothing failed.
set -u
. "$(dirname "$0")/prepare.sh"
cd "$top" || exit 1

usage() { sed -n '2,17s/^# \{0,1\}//p' "$0"; exit 64; }

quick=no long=no only='' worlds=2000 seed=1 fuzz_seconds=5
case "$*" in
'') ;;
--quick) quick=yes worlds=200 ;;
--long) long=yes worlds=50000 seed=$(date +%s)0000 fuzz_seconds=600 ;;
--sim\ *)
	[[ $* =~ ^--sim\ ([0-9]{1,9})(\ --seed\ ([0-9]{1,18}))?$ ]] || usage
	worlds=${BASH_REMATCH[1]} seed=${BASH_REMATCH[3]:-1} only=sim
	;;
--in-chroot\ *) only=chroot ;;		# for ourselves, see works_in_a_chroot
*) usage ;;
esac

# Worlds drawn by lot, through crashes, cuts and changes, until they are at rest again.
random_worlds() {
	build/dev/tests/sim/aurpd-sim --worlds "$worlds" --seed "$seed" --jobs "$(nproc)"
}

if [ "$only" = sim ]; then
	install_packages build-essential cmake pkg-config libevent-dev libconfuse-dev libcmocka-dev
	mkdir -p build
	build dev --target aurpd-sim || exit 1
	random_worlds
	exit
fi

if [ "$only" = chroot ]; then
	mount --rbind / "$2" && mount --make-rslave "$2" && mount -t tmpfs tmpfs "$2/tmp" || exit 1
	AURPD=$top/build/dev/aurpd exec chroot "$2" sh -c "cd '$top/tests/system' &&
		pytest-3 -q -p no:cacheprovider test_faults.py -k disk"
fi

need_root
trap give_back EXIT
install_packages build-essential cmake pkg-config iproute2 util-linux git \
	libevent-dev libconfuse-dev libcmocka-dev \
	nftables python3 python3-pytest python3-pytest-timeout \
	clang clang-tidy clang-tools libclang-rt-dev cppcheck shellcheck mandoc systemd binutils \
	wireguard-tools wireguard-go mmdebstrap systemd-container
need_namespaces

results=$top/build/results
rm -rf "$results"
mkdir -p "$results"
passed=0 failed=0 skipped=0 began=$SECONDS

# step TITLE COMMAND...: runs it; it counts as one test. Status 77: impossible here.
step() {
	local title=$1 from=$SECONDS status
	shift
	say "$title"
	"$@"
	status=$?
	case $status in
	0) passed=$((passed + 1)) && echo "ok, $((SECONDS - from)) s" ;;
	77) skipped=$((skipped + 1)) && echo "SKIPPED: $title" ;;
	*)
		failed=$((failed + 1))
		echo "FAILED: $title"
		return 1
		;;
	esac
}

# meanwhile NAME COMMAND...: with the processors' time that nobody else wants, while the
# system tests wait. finish NAME: what it said, and its status.
declare -A began_meanwhile
meanwhile() {
	local name=$1
	shift
	(
		chrt --idle --pid 0 "$BASHPID"
		"$@"
	) >"$results/$name.out" 2>&1 &
	began_meanwhile[$name]=$!
}

finish() {
	local status
	wait "${began_meanwhile[$1]}"
	status=$?
	cat "$results/$1.out"
	return $status
}

# ctest_into PRESET WHAT CTEST-OPTION...: its log and its JUnit file are results.
ctest_into() {
	ctest --preset "$1" "${@:3}" --output-junit "$results/$1-$2.xml" \
		>"$results/$1-$2.log" 2>&1
}

# run_ctest PRESET WHAT CTEST-OPTION...: what ctest counts is counted.
run_ctest() {
	local from=$SECONDS
	say "Tests of the $1 build: $2"
	ctest_into "$@"
	count_ctest "$1" "$2" $? "$from"
}

# count_ctest PRESET WHAT STATUS FROM
count_ctest() {
	local preset=$1 what=$2 status=$3 from=$4 good bad files=("$results/$1-$2.xml")
	# Of the system tests one entry is a file; its tests are what pytest counts.
	[ "$what" != system ] || files=("build/$preset"/tests/system/*.xml)
	read -r good bad <<<"$(python3 tests/tally.py "${files[@]}")"
	[ "$status" = 0 ] || [ "$bad" -gt 0 ] || bad=1
	[ "$bad" = 0 ] || python3 tests/tally.py --explain "${files[@]}"
	passed=$((passed + good)) failed=$((failed + bad))
	echo "$good passed, $bad failed, $((SECONDS - from)) s"
}

run_system() {
	rm -f "build/$1"/tests/system/*.xml "build/$1"/tests/system/measures.txt
	# They mostly wait: many more of them at once than there are processors.
	run_ctest "$1" system -L system -j 12
}

fuzz() {
	local log=$results/fuzz.log
	if cmake --preset fuzz -DFUZZ_SECONDS="$fuzz_seconds" >"$log" 2>&1 &&
		cmake --build --preset fuzz -j "$(nproc)" --target fuzz-all >>"$log" 2>&1; then
		sed -n '/^fuzzer /,/^fuzz executions/p' "$log"
		return 0
	fi
	tail -n 40 "$log"
	return 1
}

same_everywhere() {
	tests/sim/check_hash.sh build/hash
}

# What unit tests, stories and corpora have run of src/proto, src/table and src/core.
coverage() {
	local log=$results/coverage.log
	find build/coverage -name '*.gcda' -delete 2>/dev/null
	build coverage || return 1
	ctest --preset coverage -LE 'system|lint' -j "$(nproc)" >"$log" 2>&1 ||
		{ tail -n 40 "$log"; return 1; }
	python3 tests/lint/check_coverage.py build/coverage
}


# The release build is small, installs what it must, and its example is valid.
release_is_fit() {
	local stage=$top/build/stage size file
	build release || return 1
	rm -rf "$stage"
	DESTDIR=$stage cmake --install build/release --strip >"$results/install.log" 2>&1 ||
		{ cat "$results/install.log"; return 1; }
	for file in /usr/sbin/aurpd /etc/aurpd/aurpd.conf /lib/systemd/system/aurpd.service \
		/usr/lib/sysusers.d/aurpd.conf /usr/share/man/man8/aurpd.8 \
		/usr/share/man/man5/aurpd.conf.5 /usr/share/doc/aurpd; do
		[ -e "$stage$file" ] || { echo "not installed: $file"; return 1; }
	done
	size=$(stat -c %s "$stage/usr/sbin/aurpd")
	echo "aurpd: $size bytes"
	[ "$size" -lt 500000 ] || { echo "the daemon is not under 500 kB"; return 1; }
	"$stage/usr/sbin/aurpd" -t -c "$stage/etc/aurpd/aurpd.conf" >/dev/null
}

# The README on fresh Debians. They are made while other things are built, and are walked
# through while the sanitized daemons mostly wait.
debian=$top/build/debian
make_debian() {
	tests/system/walk.py prepare "$debian" >"$results/debian.log" 2>&1
}

walk() {
	tests/system/walk.py short "$debian" build/release >"$results/walk.log" 2>&1
}

walk_works() {
	local status
	wait "$walk_pid"
	status=$?
	[ $status = 0 ] || tail -n 40 "$results/walk.log" "$results/debian.log"
	return $status
}

demo_works() {
	tests/demo.sh >"$results/demo.log" 2>&1 && return 0
	tail -n 40 "$results/demo.log"
	return 1
}

# The same system in another root, whose /tmp nobody outside sees.
works_in_a_chroot() {
	local root=$top/build/chroot status
	mkdir -p "$root"
	unshare --mount --propagation private "$0" --in-chroot "$root"
	status=$?
	rmdir "$root"
	return $status
}

mkdir -p build
make_debian &
debian_pid=$!
# An hour of use, ten minutes of silence, worlds of more than a year.
[ $long = no ] || export AURPD_SIM_LONG=1 AURPD_LONG=1 AURPD_SOAK_SECONDS=3600
if step "Plain build, warnings are errors" build dev; then
	run_ctest dev unit -LE 'system|lint' -j "$(nproc)"
	meanwhile lint ctest_into dev lint -L lint
	meanwhile worlds random_worlds
	run_system dev
	say "Measured under load"
	cat build/dev/tests/system/measures.txt
	say "Tests of the dev build: lint"
	from=$SECONDS
	finish lint
	count_ctest dev lint $? "$from"
	step "Random worlds, from seed $seed on" finish worlds
fi
step "Release build: size, files, example configuration" release_is_fit
wait "$debian_pid"
walk &
walk_pid=$!
if step "Build with AddressSanitizer and UndefinedBehaviorSanitizer" build asan; then
	run_ctest asan unit -LE 'system|lint' -j "$(nproc)"
	if [ $quick = no ]; then
		meanwhile coverage coverage
		meanwhile hash same_everywhere
		run_system asan
	fi
fi
step "The README, word for word, on two fresh Debians" walk_works
step "The demonstration" demo_works
if [ $quick = no ]; then
	step "Line coverage of the protocols and the router" finish coverage
	step "The same worlds by every compiler" finish hash
	step "Fuzzing, $fuzz_seconds s each" fuzz
fi
if [ $long = yes ]; then
	step "The rest of the README, word for word" tests/system/walk.py long "$debian"
	step "Debian 13: its compiler, without warnings" tests/system/walk.py trixie "$debian"
	step "What remounts a disk, in a chroot" works_in_a_chroot
fi

say "Took $((SECONDS - began)) s; logs and results are in build/"
if [ $skipped = 0 ]; then
	echo "aurpd: $passed passed, $failed failed"
else
	echo "aurpd: $passed passed, $failed failed, $skipped skipped"
fi
[ "$failed" = 0 ]
