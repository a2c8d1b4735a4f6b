# shellcheck shell=bash
# What tests/demo.sh and tests/run.sh begin with: be root, be able to make
# network namespaces, have the packages. Sourced, not run.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
self="tests/$(basename "$0")"

# Nothing of ours lies between the sources, where it would belong to root.
export PYTHONDONTWRITEBYTECODE=1

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
die() { printf '%s: %s\n' "$self" "$*" >&2; exit 1; }

# need_root: and network namespaces, which a container may refuse even root.
need_root() {
	[ "$(id -u)" = 0 ] || die "needs root, for network namespaces: run 'sudo $self'"
}

need_namespaces() {
	local probe="aurpt-probe-$$" why
	why=$(ip netns add "$probe" 2>&1) ||
		die "this machine does not allow network namespaces: ${why:-ip netns add failed}"
	ip netns del "$probe"
}

# install_packages PACKAGE...: those that are missing, with apt.
install_packages() {
	local package missing=()
	for package in "$@"; do
		case $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) in
		installed) ;;
		*) missing+=("$package") ;;
		esac
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	command -v apt-get >/dev/null ||
		die "these packages are missing, and there is no apt-get here: ${missing[*]}"
	say "Installing: ${missing[*]}"
	export DEBIAN_FRONTEND=noninteractive
	apt-get -qq update || die "apt-get update failed: is there a network?"
	apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null ||
		die "apt-get could not install: ${missing[*]}"
}

# give_back: what root has built belongs to who called sudo, who builds on with it. Not the
# trees of other Debians, which have owners of their own.
give_back() {
	[ -n "${SUDO_UID-}" ] && [ -d "$top/build" ] || return 0
	find "$top/build" -path "$top/build/debian" -prune -o \
		-exec chown -h "$SUDO_UID:${SUDO_GID:-$SUDO_UID}" {} +
}

# build PRESET [OPTION...]: configures and builds into build/PRESET.
build() {
	cmake --preset "$1" >"$top/build/$1.configure.log" 2>&1 ||
		{ cat "$top/build/$1.configure.log"; return 1; }
	cmake --build --preset "$1" -j "$(nproc)" "${@:2}" >"$top/build/$1.build.log" 2>&1 &&
		return 0
	grep -E -A 4 'error|warning|undefined reference' "$top/build/$1.build.log" | head -n 40
	echo "the whole story: build/$1.build.log"
	return 1
}
