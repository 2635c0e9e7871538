# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# How a fresh Debian 12 becomes a machine that builds, shows, tests and checks carom. Sourced by
# configs/lab/demo, configs/lab/up, tests/run, tests/qemu/run, .ci/check and .ci/run; the one list of
# packages.

repository=$(realpath "$(dirname "${BASH_SOURCE[0]}")/..")
build=$repository/build

declare -rA packages=(
	[build]="bpftool clang cmake gcc libbpf-dev libc6-dev libcap-ng-dev libelf-dev
		libgnutls28-dev libjansson-dev libmicrohttpd-dev libmnl-dev libpcap-dev
		libseccomp-dev libuv1-dev libxdp-dev linux-libc-dev llvm ninja-build pkg-config"
	[lab]="curl ethtool iproute2 jq procps python3 util-linux"
	[test]="libcmocka-dev openssl python3-jsonschema python3-scapy python3-yaml tshark"
	[fuzz]="bsdextrautils clang libclang-rt-dev"
	[qemu]="busybox-static cpio dpkg kmod qemu-system-x86 xdp-tools"
	[check]="binutils clang-format-14 clang-tidy-14 cppcheck git pyflakes3 python3 shellcheck sparse"
)

# prepare_packages GROUP…: installs what is missing of these groups; asks apt nothing otherwise.
prepare_packages() {
	local group package wanted=() missing=()
	for group; do
		read -ra wanted -d '' <<<"${packages[$group]}" || true
		for package in "${wanted[@]}"; do
			package_is_installed "$package" || missing+=("$package")
		done
	done
	((${#missing[@]} == 0)) && return
	echo "Installing ${missing[*]}"
	apt_get update
	apt_get install --no-install-recommends "${missing[@]}"
}

package_is_installed() {
	[[ $(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

apt_get() {
	DEBIAN_FRONTEND=noninteractive apt-get --quiet=2 --yes \
		-o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@" </dev/null >/dev/null
}

# prepare_build [CMAKE OPTION…]: builds in $build everything that the options ask for.
prepare_build() {
	cmake -S "$repository" -B "$build" -G Ninja --log-level=NOTICE "$@" >/dev/null
	ninja -C "$build" --quiet
}
