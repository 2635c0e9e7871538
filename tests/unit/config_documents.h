/* SPDX-License-Identifier: BSD-2-Clause */
/* Documents that the tests of config values share, as json_of() takes them. */
#ifndef CONFIG_DOCUMENTS_H
#define CONFIG_DOCUMENTS_H

#include "config_support.h"

#define WEB "'address': '192.0.2.10', 'port': 443, 'protocol': 'tcp'"
#define DNS "'address': '2001:db8::53', 'port': 53, 'protocol': 'udp'"
#define TWO "'b1': {'address': '10.0.0.1'}, 'b2': {'address': '10.0.0.2'}"

#define THREE_VIPS                                                                                 \
	"{" NODE ", 'vips': {"                                                                     \
	"'web': {" WEB ", 'backends': {" TWO "}}, 'dns': {" DNS ", 'backends': {'d':"              \
	" {'address': '10.0.0.9'}}}, 'all': {'address': '192.0.2.20', 'port': 0, 'protocol':"      \
	" 'tcp'}}}"

#define EVERY_KEY                                                                                  \
	"{'node': {'name': 'lb1', 'interfaces': [{'name': 'eth0', 'mode': 'native'}, {'name':"     \
	" 'eth1.7', 'mode': 'generic'}], 'hash_seed': 'paris', 'outer_source4': '10.255.0.0/16',"  \
	" 'outer_source6': '2001:db8:ffff::/96', 'limits': {'vips': 10, 'backends': 20, 'slots':"  \
	" 65536, 'flows': 128, 'flow_inserts_per_s': 7}, 'flow_idle_timeout_ms': 32768000,"        \
	" 'bpf_dir': '/sys/fs/bpf/x', 'state_dir': ''}, 'api': {'listen':"                         \
	" ['127.0.0.1:7007', 'unix:/run/x.sock', '[::1]:65535'], 'socket_mode': '0600',"           \
	" 'socket_group': 'adm', 'tls': {'certificate': '/c.pem', 'key': '/k.pem', 'client_ca':"   \
	" '/ca.pem'}, 'tokens': '/t'}, 'vips': {'dns': {" DNS                                      \
	", 'ring_slots': 256, 'tracking': 'never', 'on_down': 'reset', 'backends': {'d1':"         \
	" {'address': '2001:db8::1', 'weight': 0, 'state':"                                        \
	" 'disabled'}, 'd2': {'address': '10.0.0.2', 'weight': 65535, 'state': 'drain'}}}}}"

#endif
