# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The lab's network: six namespaces, joined by veth pairs. The balancer has one arm: what the router
# sends it goes back to the router, wrapped, by XDP_TX. Backends answer the client directly.
#
#                                                   ┌──────────┐
#   192.0.2.0/24, 2001:db8:ff::/64 (VIPs) ─ ─ ─ ─ ─ │ balancer │ eth0: XDP, and caromd
#                                                   └────┬─────┘
#                                                10.0.0.2│2001:db8:0:0::2
#                                                        │
#   ┌────────┐                                      ┌────┴─────┐
#   │ client ├──────────────────────────────────────┤  router  │ .1, ::1 on every link
#   └────────┘ 198.51.100.2         2001:db8:0:c::2 └─┬───┬───┬┘
#                                                     │   │   │
#                             10.0.1.2, 2001:db8:0:1::2   │   10.0.3.2, 2001:db8:0:3::2
#                                              ┌──────┴─┐ │ ┌─┴──────┐
#                                              │backend1│ │ │backend3│ lo: every VIP
#                                              └────────┘ │ └────────┘
#                                                    ┌────┴───┐
#                                                    │backend2│ 10.0.2.2, 2001:db8:0:2::2
#                                                    └────────┘
#
# The link to the client has an MTU of 1500 and all others 1600: wrapped packets never grow too big.
#
# The caller names the lab in $lab, and pass.bpf.c's object in $pass_object; before it sources this,
# it may ask for another number of backends in $backend_count, up to 9. The namespaces are
# $lab-client, $lab-router, …, and whatever runs in them belongs to the lab and ends with it.

# shellcheck disable=SC2154 # lab, pass_object: assigned by the caller
readonly vips4=192.0.2.0/24 vips6=2001:db8:ff::/64
readonly backend_count=${backend_count:-3}
mapfile -t backends < <(seq --format=backend%g "$backend_count")
readonly backends
readonly hosts=(client router balancer "${backends[@]}")

topology_up() {
	local host number
	for host in "${hosts[@]}"; do
		topology_add_host "$host"
	done
	topology_add_link client 198.51.100 2001:db8:0:c 1500
	topology_add_link balancer 10.0.0 2001:db8:0:0 1600
	for ((number = 1; number <= backend_count; number++)); do
		topology_add_link "backend$number" "10.0.$number" "2001:db8:0:$number" 1600
	done
	topology_set_up_router
	for host in "${backends[@]}"; do
		topology_own_vips "$host"
	done
}

# topology_run HOST COMMAND…: unlike `ip netns exec`, it leaves /sys and the BPF file system alone.
topology_run() {
	local host=$1
	shift
	nsenter --net="/run/netns/$lab-$host" "$@"
}

# topology_start HOST LOG COMMAND…: in the background.
topology_start() {
	local host=$1 log=$2
	shift 2
	nsenter --net="/run/netns/$lab-$host" "$@" </dev/null &>>"$log" &
}

# Backends answer with a VIP as the source, from where the router would not expect it: no rp_filter.
# Nobody else is on the links: no waiting for duplicate addresses.
topology_add_host() {
	ip netns add "$lab-$1"
	topology_run "$1" sysctl --quiet --write net.ipv4.conf.{all,default}.rp_filter=0 \
		net.ipv6.conf.{all,default}.accept_dad=0
	ip -n "$lab-$1" link set lo up
}

# topology_add_link HOST NET4 NET6 MTU: the host's eth0 to the router's interface named like it.
topology_add_link() {
	local host=$1 net4=$2 net6=$3 mtu=$4
	ip -n "$lab-router" link add "$host" mtu "$mtu" type veth \
		peer name eth0 mtu "$mtu" netns "$lab-$host"
	topology_set_up_interface router "$host" "$net4.1/24" "$net6::1/64"
	topology_set_up_interface "$host" eth0 "$net4.2/24" "$net6::2/64"
	ip -n "$lab-$host" route add default via "$net4.1"
	ip -n "$lab-$host" -6 route add default via "$net6::1"
}

# XDP sees a veth's packets before anyone has finished their checksums, unless the sender does.
topology_set_up_interface() {
	local host=$1 interface=$2 address4=$3 address6=$4
	ip -n "$lab-$host" address add "$address4" dev "$interface"
	ip -n "$lab-$host" address add "$address6" dev "$interface" nodad
	topology_run "$host" ethtool -K "$interface" tx off >/dev/null
	ip -n "$lab-$host" link set "$interface" up
}

# A veth polls for what its peer sends by XDP_TX, as real NICs do, only if it has an XDP program of
# its own. (GRO makes it poll, too, but then XDP_TX does not wake it.)
topology_set_up_router() {
	topology_run router sysctl --quiet --write net.ipv4.ip_forward=1 \
		net.ipv6.conf.all.forwarding=1
	topology_run router ip link set dev balancer xdp object "$pass_object" section xdp
	ip -n "$lab-router" route add "$vips4" via 10.0.0.2
	ip -n "$lab-router" -6 route add "$vips6" via 2001:db8:0:0::2
}

topology_own_vips() {
	ip -n "$lab-$1" route add local "$vips4" dev lo
	ip -n "$lab-$1" -6 route add local "$vips6" dev lo
}

topology_exists() {
	compgen -G "/run/netns/$lab-*" >/dev/null
}

# Ends what runs in the lab.
topology_silence() {
	topology_signal TERM
	topology_await_silence || topology_signal KILL
}

# As much of it as there is.
topology_down() {
	local host
	for host in "${hosts[@]}"; do
		[[ ! -e /run/netns/$lab-$host ]] || ip netns delete "$lab-$host"
	done
}

# The script's own jobs, too: a process just started may not have entered its namespace yet.
topology_processes() {
	local host group
	for group in $(jobs -p); do
		pgrep --pgroup "$group" || true
	done
	for host in "${hosts[@]}"; do
		[[ ! -e /run/netns/$lab-$host ]] || ip netns pids "$lab-$host"
	done
}

topology_signal() {
	local pid
	for pid in $(topology_processes); do
		kill -s "$1" "$pid" 2>/dev/null || true
	done
}

topology_await_silence() {
	local deadline=$((SECONDS + 5))
	while [[ -n $(topology_processes) ]]; do
		((SECONDS < deadline)) || return 1
		sleep 0.05
	done
}
