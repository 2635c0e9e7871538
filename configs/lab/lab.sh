# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# A lab: the network of topology.sh with web servers that unwrap on its backends and caromd on its
# balancer. Sourced by up, down and demo, and by tests that want a lab of their own.
#
# The caller names it in $lab. What it makes outside its namespaces lies in $folder: sockets, logs,
# and a BPF file system of its own, so that pins end with the lab.

# shellcheck source=.ci/prepare.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../.ci/prepare.sh"
# shellcheck source=configs/lab/topology.sh
source "$repository/configs/lab/topology.sh"

# Tests of the lab name the build that they belong to; then there is nothing to prepare.
build=${CAROM_BUILD:-$build}
readonly caromd=$build/control/caromd
readonly carom=$build/control/cli/carom
# shellcheck disable=SC2034 # for topology.sh
readonly pass_object=$build/configs/lab/pass.bpf.o
readonly python=/usr/bin/python3
# shellcheck disable=SC2034 # for those who source this
readonly url4='http://192.0.2.10/' url6='http://[2001:db8:ff::10]/'

# lab_name NAME: which lab all others here are about.
lab_name() {
	lab=$1
	folder=/run/$lab
	socket=$folder/api.sock
	config=$folder/carom.json
}

# Tests of the lab have a build; nobody else need have one.
lab_install() {
	[[ $EUID == 0 ]] || lab_die "a lab is made of network namespaces: run it as root"
	[[ -n ${CAROM_BUILD:-} ]] || prepare_packages build lab
}

lab_build() {
	[[ -n ${CAROM_BUILD:-} ]] || prepare_build -DCAROM_TESTS=OFF
}

lab_die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

# lab_guard COMMAND…: whatever ends the command, takes the lab down. The command is a job with a
# process group of its own, so that signals find this shell waiting, and the group can be ended.
lab_guard() {
	trap lab_down EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	exec {lab_life}> >(lab_bequeath &>/dev/null)
	set -m
	{ set +m; exec {lab_life}>&-; "$@"; } &
	set +m
	echo $! >&"$lab_life"
	wait $!
}

# The guarded lab is to outlive this shell.
lab_keep() {
	trap - EXIT
	echo keep >&"$lab_life"
}

# SIGKILL leaves the guard no time. What then takes the lab down is nobody's child, so that it
# outlives those who end whole trees of processes.
lab_bequeath() {
	(lab_inherit <&0 &)
}

# The guard's end of the pipe goes with it.
lab_inherit() {
	local job word=
	trap - EXIT
	trap '' HUP INT TERM
	read -r job
	read -r word || true
	[[ $word != keep ]] && lab_exists || exit 0
	kill -s KILL -- "-$job"
	lab_down
}

lab_up() {
	mkdir "$folder" "$folder/bpf"
	mount -t bpf "$lab" "$folder/bpf"
	topology_up
	local backend
	for backend in "${backends[@]}"; do
		lab_start_backend "$backend"
	done
	lab_start_balancer
}

lab_exists() {
	[[ -e $folder ]] || topology_exists
}

lab_down() {
	trap '' HUP INT TERM
	set +e
	topology_silence
	lab_detach &>/dev/null
	topology_down
	! mountpoint --quiet "$folder/bpf" || umount "$folder/bpf"
	rm -rf "$folder"
}

# Where libxdp shares interfaces among programs, its pins would outlive the namespaces.
lab_detach() {
	local backend
	for backend in "${backends[@]}"; do
		topology_run "$backend" "$carom" decap detach eth0 --bpf-dir "$folder/bpf/$backend"
	done
	topology_run balancer "$caromd" --config "$config" --detach
}

lab_start_backend() {
	topology_start "$1" "$folder/$1.log" "$python" "$repository/configs/lab/backend_http.py" "$1"
	topology_run "$1" "$carom" decap attach eth0 --mode native --bpf-dir "$folder/bpf/$1" \
		--allow 10.0.0.2/32 --allow 2001:db8:0:0::2/128 >/dev/null
	lab_await "the web server of $1" topology_run "$1" curl --silent --output /dev/null localhost
}

lab_start_balancer() {
	lab_config >"$config"
	lab_start_caromd "$caromd"
	lab_await caromd lab_api GET /readyz
}

# lab_start_caromd EXECUTABLE: does not wait until it is ready.
lab_start_caromd() {
	topology_start balancer "$folder/caromd.log" "$1" --config "$config"
	caromd_pid=$!
}

# The data plane goes on. Returns caromd's exit status.
lab_stop_balancer() {
	kill -s TERM "$caromd_pid"
	wait "$caromd_pid"
}

# The example config, moved to this lab's folder, and changed by the caller's $lab_edit, a jq filter.
lab_config() {
	jq --arg folder "$folder" "${lab_edit:-.}"' | .node.bpf_dir = $folder + "/bpf/balancer"
		| .node.state_dir = $folder + "/state"
		| .api.listen = ["unix:" + $folder + "/api.sock"]' "$repository/configs/lab/carom.json"
}

# lab_await WHAT COMMAND…: until the command succeeds.
lab_await() {
	local what=$1 deadline=$((SECONDS + 10))
	shift
	until "$@" &>/dev/null; do
		if ((SECONDS >= deadline)); then
			tail --lines=20 "$folder"/*.log >&2
			lab_die "$what is not there after 10 seconds"
		fi
		sleep 0.05
	done
}

# lab_api METHOD PATH [JSON]
lab_api() {
	curl --silent --show-error --fail-with-body --unix-socket "$socket" \
		--request "$1" "http://carom$2" ${3:+--json "$3"}
}

# lab_load OPTION…: web requests from the client; see client_http.py.
lab_load() {
	topology_run client "$python" "$repository/configs/lab/client_http.py" "$@"
}
