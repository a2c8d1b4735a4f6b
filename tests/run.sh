#!/usr/bin/env bash
# Builds aurpd in every way and runs every test. From a bare Debian machine:
#
#     sudo tests/run.sh [--quick]
#
# --quick leaves out the system tests of the sanitized daemon and the fuzzers.
# Everything built or logged goes into build/. The last line is the sum; the
# exit status is 0 only if nothing failed.
set -u
. "$(dirname "$0")/prepare.sh"
cd "$top" || exit 1
quick=no
case "$*" in
'') ;;
--quick) quick=yes ;;
*) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 64 ;;
esac

need_root
install_packages build-essential cmake pkg-config iproute2 util-linux git \
	libevent-dev libconfuse-dev libcmocka-dev \
	python3 python3-pytest python3-pytest-timeout \
	clang clang-tidy clang-tools libclang-rt-dev cppcheck shellcheck mandoc systemd binutils
need_namespaces

results=$top/build/results
rm -rf "$results"
mkdir -p "$results"
passed=0 failed=0 began=$SECONDS

# step TITLE COMMAND...: runs it; it counts as one test.
step() {
	local title=$1 from=$SECONDS
	shift
	say "$title"
	if "$@"; then
		passed=$((passed + 1))
		echo "ok, $((SECONDS - from)) s"
	else
		failed=$((failed + 1))
		echo "FAILED: $title"
		return 1
	fi
}

# run_ctest PRESET WHAT CTEST-OPTION...: what ctest counts is counted.
run_ctest() {
	local preset=$1 what=$2 from=$SECONDS good bad
	shift 2
	say "Tests of the $preset build: $what"
	ctest --preset "$preset" "$@" --output-junit "$results/$preset-$what.xml" \
		>"$results/$preset-$what.log" 2>&1
	local status=$? files=("$results/$preset-$what.xml")
	# Of the system tests one entry is a file; its tests are what pytest counts.
	[ "$what" != system ] || files=("build/$preset"/tests/system/*.xml)
	read -r good bad <<<"$(python3 tests/tally.py "${files[@]}")"
	[ "$status" = 0 ] || [ "$bad" -gt 0 ] || bad=1
	[ "$bad" = 0 ] || python3 tests/tally.py --explain "${files[@]}"
	passed=$((passed + good)) failed=$((failed + bad))
	echo "$good passed, $bad failed, $((SECONDS - from)) s"
}

run_system() {
	rm -f "build/$1"/tests/system/*.xml
	# They mostly wait: more of them at once than there are processors.
	run_ctest "$1" system -L system -j 6
}

fuzz_smoke() {
	local log=$results/fuzz.log
	cmake --preset fuzz -DFUZZ_SECONDS=5 >"$log" 2>&1 &&
		cmake --build --preset fuzz -j "$(nproc)" --target fuzz-all >>"$log" 2>&1 &&
		return 0
	tail -n 40 "$log"
	return 1
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

demo_works() {
	tests/demo.sh >"$results/demo.log" 2>&1 && return 0
	tail -n 40 "$results/demo.log"
	return 1
}

mkdir -p build
if step "Plain build, warnings are errors" build dev; then
	run_ctest dev unit -LE 'system|lint' -j "$(nproc)"
	run_ctest dev lint -L lint
	run_system dev
fi
if step "Build with AddressSanitizer and UndefinedBehaviorSanitizer" build asan; then
	run_ctest asan unit -LE 'system|lint' -j "$(nproc)"
	[ $quick = yes ] || run_system asan
fi
step "Release build: size, files, example configuration" release_is_fit
step "The demonstration" demo_works
[ $quick = yes ] || step "Fuzzing every decoder for five seconds" fuzz_smoke

say "Took $((SECONDS - began)) s; logs and results are in build/"
echo "aurpd: $passed passed, $failed failed"
[ "$failed" = 0 ]
