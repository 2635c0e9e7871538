#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The guest's first process, from the initramfs that tests/qemu/run makes, where busybox is all there
# is. Makes the host's root file system, which is read-only, writable in memory, and becomes there
# the command that its arguments name.
set -eu

mount -t devtmpfs devtmpfs /dev
while read -r module; do
	insmod "$module"
done </modules

mount -t 9p -o trans=virtio,version=9p2000.L,msize=500000,cache=loose,ro host /host
mount -t tmpfs tmpfs /changes
mkdir /changes/upper /changes/work
mount -t overlay -o lowerdir=/host,upperdir=/changes/upper,workdir=/changes/work overlay /system
mount -t proc proc /system/proc
mount -t sysfs sysfs /system/sys
mount -t devtmpfs devtmpfs /system/dev
exec switch_root /system "$@"
