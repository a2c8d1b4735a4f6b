#!/usr/bin/env bash
# Two AppleTalk sites on this machine, joined by an AURP tunnel: see it work.
#
#     sudo tests/demo.sh           shows it and leaves nothing but build/ behind
#     sudo tests/demo.sh --keep    leaves it running, to play with:
#
#     sudo tests/demo.sh zones SITE                     the zones a Mac there sees
#     sudo tests/demo.sh lookup SITE NAME TYPE ZONE     an NBP look-up ('=' is any)
#     sudo tests/demo.sh echo SITE NET.NODE             an AppleTalk echo
#     sudo tests/demo.sh dump SITE                      what its router knows
#     sudo tests/demo.sh log SITE                       what its router said
#     sudo tests/demo.sh --stop                         ends it
#
# The sites are called attic and museum.
set -u
. "$(dirname "$0")/prepare.sh"
cd "$top" || exit 1
case "${1-}" in
'' | --keep | --stop | zones | lookup | echo | dump | log) ;;
*) sed -n '2,14s/^# \{0,1\}//p' "$0"; exit 64 ;;
esac

need_root
case "${1-}" in
'' | --keep)
	install_packages build-essential cmake pkg-config iproute2 util-linux python3 \
		libevent-dev libconfuse-dev
	need_namespaces
	say "Building aurpd"
	mkdir -p build
	trap give_back EXIT
	build release || die "the build failed; see build/release.build.log"
	give_back
	echo "build/release/aurpd"
	;;
esac
AURPD=$top/build/release/aurpd PYTHONDONTWRITEBYTECODE=1 exec python3 tests/system/demo.py "$@"
