/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every fault that a config can have, with its pointer and its whole message: an operator reads
 * them, so a change of wording is a change of behaviour.
 */
#include "config_support.h"

#define VIP(members)	   "{" NODE ", 'vips': {'web': {" members "}}}"
#define WEB		   "'address': '192.0.2.10', 'port': 80, 'protocol': 'tcp'"
#define BACKEND(members)   VIP(WEB ", 'backends': {'b1': {" members "}}")
#define NODE_WITH(members) "{'node': {'interfaces': [{'name': 'eth0'}], " members "}}"
#define API(listen)	   "{" NODE ", 'api': {'listen': " listen "}}"
#define IPV4_HINT	   " is not an IPv4 prefix with host bits of zero, like '10.255.0.0/16'\n"
#define IPV6_HINT	   " is not an IPv6 prefix with host bits of zero, like '2001:db8::/96'\n"
#define NAME_HINT                                                                                  \
	" is not a name; expected 1 to 63 of A-Z, a-z, 0-9, '.', '_' and '-', the first of them"   \
	" a letter or a digit\n"
#define INTERFACE_HINT                                                                             \
	" is not an interface's name; expected 1 to 15 bytes without '/', ':' or white space\n"
#define UNICAST_HINT "; expected the unicast address of a host\n"
#define LISTEN_HINT  "; expected 'unix:/PATH', 'IPV4:PORT' or '[IPV6]:PORT'\n"
#define RING_HINT                                                                                  \
	" is not a ring's size; expected a power of two from 256 to 131072, or 0 to have it"       \
	" chosen by the number of backends\n"
#define LOOPS_BACK  "; a packet sent there would come straight back\n"
#define VIP_KEYS    "address, port, protocol, ring_slots, tracking, on_down, backends\n"
#define CHARACTERS9 "123456789"
#define CHARACTERS63                                                                               \
	CHARACTERS9 CHARACTERS9 CHARACTERS9 CHARACTERS9 CHARACTERS9 CHARACTERS9 CHARACTERS9
#define CHARACTERS126 CHARACTERS63 CHARACTERS63

struct fault_case {
	const char *document;
	const char *errors;
};

static const struct fault_case cases[] = {
	/* the document */
	{"[]", "invalid : the document is an array; expected an object\n"},
	{"{}", "invalid : the document: key 'node' is missing\n"},
	{"{" NODE ", 'vip': {}}",
	 "invalid /vip: unknown key 'vip'; did you mean 'vips'? Known keys: node, api, vips\n"},
	{"{" NODE ", 'vips': []}", "invalid /vips: vips is an array; expected an object\n"},
	{"{" NODE ", 'vips': null}", "invalid /vips: vips is null; expected an object\n"},

	/* keys */
	{VIP(WEB ", 'adress': 1"),
	 "invalid /vips/web/adress: vip 'web': unknown key 'adress'; did you mean 'address'?"
	 " Known keys: " VIP_KEYS},
	{VIP(WEB ", 'PORT': 1"),
	 "invalid /vips/web/PORT: vip 'web': unknown key 'PORT'; did you mean 'port'? Known"
	 " keys: " VIP_KEYS},
	{VIP(WEB ", 'health': {}"),
	 "invalid /vips/web/health: vip 'web': unknown key 'health'; known keys: " VIP_KEYS},
	{VIP(WEB ", 'a/b~c\\n': {}"),
	 "invalid /vips/web/a~1b~0c\n: vip 'web': unknown key 'a/b~c?'; known keys: " VIP_KEYS},
	{VIP(WEB ", '': {}"),
	 "invalid /vips/web/: vip 'web': unknown key ''; known keys: " VIP_KEYS},
	{VIP("'address': '192.0.2.10', 'port': 80"),
	 "invalid /vips/web: vip 'web': key 'protocol' is missing\n"},
	{BACKEND("'weight': 1"),
	 "invalid /vips/web/backends/b1: vip 'web': backend 'b1': key 'address' is missing\n"},

	/* names */
	{"{" NODE ", 'vips': {'-web': {" WEB "}}}", "invalid /vips/-web: vip '-web'" NAME_HINT},
	{"{" NODE ", 'vips': {'': {" WEB "}}}", "invalid /vips/: vip ''" NAME_HINT},
	{"{" NODE ", 'vips': {'a/b': {" WEB "}}}", "invalid /vips/a~1b: vip 'a/b'" NAME_HINT},
	{"{" NODE ", 'vips': {'a b': {" WEB "}}}", "invalid /vips/a b: vip 'a b'" NAME_HINT},
	{"{" NODE ", 'vips': {'caf\u00e9': {" WEB "}}}",
	 "invalid /vips/caf\u00e9: vip 'caf\u00e9'" NAME_HINT},
	{"{" NODE ", 'vips': {'" CHARACTERS63 "x': {" WEB "}}}",
	 "invalid /vips/" CHARACTERS63 "x: vip '" CHARACTERS63 "x'" NAME_HINT},
	{VIP(WEB ", 'backends': {'_b': {'address': '10.0.0.1'}}"),
	 "invalid /vips/web/backends/_b: vip 'web': backend '_b'" NAME_HINT},

	/* types: both are named */
	{"{" NODE ", 'vips': {'web': 'x'}}",
	 "invalid /vips/web: vip 'web' is 'x', a string; expected an object\n"},
	{BACKEND("'address': 167772161"),
	 "invalid /vips/web/backends/b1/address: vip 'web':"
	 " backend 'b1': address is an integer; expected a string\n"},
	{BACKEND("'address': '10.0.0.1', 'weight': '5'"),
	 "invalid /vips/web/backends/b1/weight: vip 'web': backend 'b1': weight is '5', a string;"
	 " expected an integer from 0 to 65535\n"},
	{BACKEND("'address': '10.0.0.1', 'weight': 1.5"),
	 "invalid /vips/web/backends/b1/weight: vip 'web': backend 'b1': weight is 1.5, a real"
	 " number; expected an integer from 0 to 65535\n"},
	{BACKEND("'address': '10.0.0.1', 'state': true"),
	 "invalid /vips/web/backends/b1/state: vip 'web': backend 'b1': state is a boolean;"
	 " expected 'active', 'drain' or 'disabled'\n"},
	{VIP(WEB ", 'backends': []"),
	 "invalid /vips/web/backends: vip 'web': backends is an array; expected an object\n"},

	/* ranges and choices */
	{VIP("'address': '192.0.2.10', 'protocol': 'tcp', 'port': 65536"),
	 "invalid /vips/web/port: vip 'web': port 65536 is out of range; expected 0 to 65535\n"},
	{VIP("'address': '192.0.2.10', 'protocol': 'tcp', 'port': -1"),
	 "invalid /vips/web/port: vip 'web': port -1 is out of range; expected 0 to 65535\n"},
	{VIP("'address': '192.0.2.10', 'port': 80, 'protocol': 'sctp'"),
	 "invalid /vips/web/protocol: vip 'web': protocol 'sctp' is unknown; expected 'tcp' or"
	 " 'udp'\n"},
	{VIP("'address': '192.0.2.10', 'port': 80, 'protocol': 'TCP'"),
	 "invalid /vips/web/protocol: vip 'web': protocol 'TCP' is unknown; expected 'tcp' or"
	 " 'udp'\n"},
	{BACKEND("'address': '10.0.0.1', 'weight': 65536"),
	 "invalid /vips/web/backends/b1/weight: vip 'web': backend 'b1': weight 65536 is out of"
	 " range; expected 0 to 65535\n"},
	{BACKEND("'address': '10.0.0.1', 'state': 'up'"),
	 "invalid /vips/web/backends/b1/state: vip 'web': backend 'b1': state 'up' is unknown;"
	 " expected 'active', 'drain' or 'disabled'\n"},
	{VIP(WEB ", 'tracking': 'all'"),
	 "invalid /vips/web/tracking: vip 'web': tracking 'all' is unknown; expected 'changes',"
	 " 'always' or 'never'\n"},
	{VIP(WEB ", 'on_down': true"),
	 "invalid /vips/web/on_down: vip 'web': on_down is a boolean; expected 'keep' or"
	 " 'reset'\n"},
	{VIP(WEB ", 'ring_slots': 128"),
	 "invalid /vips/web/ring_slots: vip 'web': ring_slots 128" RING_HINT},
	{VIP(WEB ", 'ring_slots': 1000"),
	 "invalid /vips/web/ring_slots: vip 'web': ring_slots 1000" RING_HINT},
	{VIP(WEB ", 'ring_slots': 262144"),
	 "invalid /vips/web/ring_slots: vip 'web': ring_slots 262144 is out of range; expected 0"
	 " to 131072\n"},

	/* addresses */
	{BACKEND("'address': '10.0.0.300'"), "invalid /vips/web/backends/b1/address: vip 'web':"
					     " backend 'b1': address '10.0.0.300' is not an IP"
					     " address\n"},
	{BACKEND("'address': '::ffff:10.0.0.1'"),
	 "invalid /vips/web/backends/b1/address: vip 'web': backend 'b1': address"
	 " '::ffff:10.0.0.1' is an IPv4-mapped IPv6 address; write it as IPv4: '10.0.0.1'\n"},
	{VIP("'port': 80, 'protocol': 'tcp', 'address': '0:0:0:0:0:ffff:a00:1'"),
	 "invalid /vips/web/address: vip 'web': address '0:0:0:0:0:ffff:a00:1' is an IPv4-mapped"
	 " IPv6 address; write it as IPv4: '10.0.0.1'\n"},
	{BACKEND("'address': '0.0.0.0'"),
	 "invalid /vips/web/backends/b1/address: vip 'web': backend 'b1': address '0.0.0.0' is"
	 " the unspecified address" UNICAST_HINT},
	{BACKEND("'address': '::'"),
	 "invalid /vips/web/backends/b1/address: vip 'web': backend 'b1': address '::' is the"
	 " unspecified address" UNICAST_HINT},
	{VIP("'port': 80, 'protocol': 'tcp', 'address': '127.1.2.3'"),
	 "invalid /vips/web/address: vip 'web': address '127.1.2.3' is a loopback"
	 " address" UNICAST_HINT},
	{VIP("'port': 80, 'protocol': 'tcp', 'address': '::1'"),
	 "invalid /vips/web/address: vip 'web': address '::1' is a loopback address" UNICAST_HINT},
	{VIP("'port': 80, 'protocol': 'tcp', 'address': '224.0.0.1'"),
	 "invalid /vips/web/address: vip 'web': address '224.0.0.1' is a multicast"
	 " address" UNICAST_HINT},
	{VIP("'port': 80, 'protocol': 'tcp', 'address': 'ff02::1'"),
	 "invalid /vips/web/address: vip 'web': address 'ff02::1' is a multicast"
	 " address" UNICAST_HINT},
	{VIP("'port': 80, 'protocol': 'tcp', 'address': '169.254.1.1'"),
	 "invalid /vips/web/address: vip 'web': address '169.254.1.1' is a link-local"
	 " address" UNICAST_HINT},
	{VIP("'port': 80, 'protocol': 'tcp', 'address': 'fe80::1'"),
	 "invalid /vips/web/address: vip 'web': address 'fe80::1' is a link-local"
	 " address" UNICAST_HINT},
	{VIP("'port': 80, 'protocol': 'tcp', 'address': '255.255.255.255'"),
	 "invalid /vips/web/address: vip 'web': address '255.255.255.255' is the broadcast"
	 " address" UNICAST_HINT},

	/* clashes */
	{VIP(WEB ", 'backends': {'b2': {'address': '10.0.0.1'}, 'b1': {'address': '10.0.0.1'}}"),
	 "conflict /vips/web/backends/b2/address: vip 'web': backend 'b2': address '10.0.0.1' is"
	 " that of backend 'b1', too\n"},
	{BACKEND("'address': '192.0.2.10'"), "conflict /vips/web/backends/b1/address: vip 'web':"
					     " backend 'b1': address '192.0.2.10' is that of vip"
					     " 'web'" LOOPS_BACK},
	{"{" NODE ", 'vips': {'web': {" WEB "}, 'any': {" WEB "}}}",
	 "conflict /vips/web/address: vip 'web': address '192.0.2.10' with port 80 and protocol"
	 " 'tcp' is that of vip 'any'\n"},
	{VIP(WEB ", 'ring_slots': 256, 'backends': {'b1': {'address': '192.0.2.10'}}}, 'dns':"
		 " {'address': '2001:db8::1', 'port': 53, 'protocol': 'udp', 'backends':"
		 " {'b': {'address': '192.0.2.10'}}"),
	 "conflict /vips/dns/backends/b/address: vip 'dns': backend 'b': address '192.0.2.10' is"
	 " that of vip 'web'" LOOPS_BACK
	 "conflict /vips/web/backends/b1/address: vip 'web': backend 'b1': address '192.0.2.10'"
	 " is that of vip 'web'" LOOPS_BACK},

	/* the node */
	{"{'node': {}}", "invalid /node: node: key 'interfaces' is missing\n"},
	{"{'node': 1}", "invalid /node: node is an integer; expected an object\n"},
	{"{'node': {'interfaces': []}}",
	 "invalid /node/interfaces: node: interfaces has 0 elements; expected 1 to 16\n"},
	{"{'node': {'interfaces': [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]}}",
	 "limit /node/interfaces: node: interfaces has 17 elements; expected 1 to 16\n"},
	{"{'node': {'interfaces': ['eth0']}}",
	 "invalid /node/interfaces/0: node: interfaces[0] is 'eth0', a string; expected an"
	 " object\n"},
	{"{'node': {'interfaces': [{'name': 'a'}, {'name': 'b'}, {'name': 'a'}]}}",
	 "conflict /node/interfaces/2/name: node: interfaces[2]: name 'a' is given twice\n"},
	{"{'node': {'interfaces': [{'name': 'a', 'mode': 'skb'}]}}",
	 "invalid /node/interfaces/0/mode: node: interfaces[0]: mode 'skb' is unknown; expected"
	 " 'auto', 'native' or 'generic'\n"},
	{"{'node': {'interfaces': [{'name': ''}]}}",
	 "invalid /node/interfaces/0/name: node: interfaces[0]: name ''" INTERFACE_HINT},
	{"{'node': {'interfaces': [{'name': 'eth 0'}]}}",
	 "invalid /node/interfaces/0/name: node: interfaces[0]: name 'eth 0'" INTERFACE_HINT},
	{"{'node': {'interfaces': [{'name': '..'}]}}",
	 "invalid /node/interfaces/0/name: node: interfaces[0]: name '..'" INTERFACE_HINT},
	{"{'node': {'interfaces': [{'name': 'a/b'}]}}",
	 "invalid /node/interfaces/0/name: node: interfaces[0]: name 'a/b'" INTERFACE_HINT},
	{"{'node': {'interfaces': [{'name': '0123456789012345'}]}}",
	 "invalid /node/interfaces/0/name: node: interfaces[0]: name"
	 " '0123456789012345'" INTERFACE_HINT},
	{NODE_WITH("'name': 'a b'"), "invalid /node/name: node: name 'a b'" NAME_HINT},
	{NODE_WITH("'hash_seed': ''"),
	 "invalid /node/hash_seed: node: hash_seed has 0 bytes; expected 1 to 127\n"},
	{NODE_WITH("'hash_seed': '" CHARACTERS126 "xy'"),
	 "invalid /node/hash_seed: node: hash_seed has 128 bytes; expected 1 to 127\n"},
	{NODE_WITH("'bpf_dir': 'sys/fs/bpf'"),
	 "invalid /node/bpf_dir: node: bpf_dir 'sys/fs/bpf' is not absolute; expected a path that"
	 " begins with '/'\n"},
	{NODE_WITH("'bpf_dir': '/" CHARACTERS126 "'"),
	 "invalid /node/bpf_dir: node: bpf_dir"
	 " '/" CHARACTERS63 CHARACTERS9 "1234567...' has 127 bytes; expected a path of at most"
	 " 107\n"},
	{NODE_WITH("'state_dir': 'carom'"),
	 "invalid /node/state_dir: node: state_dir 'carom' is not absolute; expected a path that"
	 " begins with '/'\n"},
	{NODE_WITH("'outer_source4': '10.0.0.1/8'"),
	 "invalid /node/outer_source4: node: outer_source4 '10.0.0.1/8'" IPV4_HINT},
	{NODE_WITH("'outer_source4': '2001:db8::/96'"),
	 "invalid /node/outer_source4: node: outer_source4 '2001:db8::/96'" IPV4_HINT},
	{NODE_WITH("'outer_source4': '127.0.0.0/8'"),
	 "invalid /node/outer_source4: node: outer_source4 '127.0.0.0/8' begins with a loopback"
	 " address; expected unicast addresses\n"},
	{NODE_WITH("'outer_source6': '10.0.0.0/8'"),
	 "invalid /node/outer_source6: node: outer_source6 '10.0.0.0/8'" IPV6_HINT},
	{NODE_WITH("'outer_source6': '::ffff:0:0/96'"),
	 "invalid /node/outer_source6: node: outer_source6 '::ffff:0:0/96'" IPV6_HINT},
	{NODE_WITH("'outer_source6': '2001:db8::/64'"),
	 "invalid /node/outer_source6: node: outer_source6 '2001:db8::/64' is too wide; expected"
	 " /96 to /128, as a flow's hash fills 32 bits at most\n"},
	{NODE_WITH("'limits': {'vips': 0, 'backends': 1048577, 'slots': 255, 'flows': 127}"),
	 "invalid /node/limits/vips: node: limits: vips 0 is out of range; expected 1 to 32768\n"
	 "invalid /node/limits/backends: node: limits: backends 1048577 is out of range; expected"
	 " 1 to 1048576\n"
	 "invalid /node/limits/slots: node: limits: slots 255 is out of range; expected 256 to"
	 " 134217728\n"
	 "invalid /node/limits/flows: node: limits: flows 127 is out of range; expected 128 to"
	 " 16777216\n"},
	{NODE_WITH("'limits': {'slots': 4100}"),
	 "invalid /node/limits/slots: node: limits: slots 4100 is not a multiple of 32\n"},
	{NODE_WITH("'limits': {'flow_inserts_per_s': 0}"),
	 "invalid /node/limits/flow_inserts_per_s: node: limits: flow_inserts_per_s 0 is out of"
	 " range; expected 1 to 100000000\n"},
	{NODE_WITH("'flow_idle_timeout_ms': 9000"),
	 "invalid /node/flow_idle_timeout_ms: node: flow_idle_timeout_ms 9000 is out of range;"
	 " expected 10000 to 32768000\n"},
	{NODE_WITH("'flow_idle_timeout_ms': 32769000"),
	 "invalid /node/flow_idle_timeout_ms: node: flow_idle_timeout_ms 32769000 is out of range;"
	 " expected 10000 to 32768000\n"},
	{NODE_WITH("'flow_idle_timeout_ms': 10500"),
	 "invalid /node/flow_idle_timeout_ms: node: flow_idle_timeout_ms 10500 is not a whole"
	 " number of seconds; expected a multiple of 1000\n"},
	{NODE_WITH("'limits': {'vip': 1}"),
	 "invalid /node/limits/vip: node: limits: unknown key 'vip'; did you mean 'vips'? Known"
	 " keys: vips, backends, slots, flows, flow_inserts_per_s\n"},

	/* the API */
	{API("'unix:/run/x'"),
	 "invalid /api/listen: api: listen is 'unix:/run/x', a string; expected an array\n"},
	{API("[]"), "invalid /api/listen: api: listen has 0 elements; expected 1 to 8\n"},
	{API("[1]"), "invalid /api/listen/0: api: listen[0] is an integer; expected a string\n"},
	{API("['unix:run/x']"), "invalid /api/listen/0: api: listen[0] 'run/x' is not absolute;"
				" expected a path that begins with '/'\n"},
	{API("['unix:/run/x', '0.0.0.0:7007', '[2001:db8::1]:7007']"),
	 "invalid /api/listen/1: api: listen[1] '0.0.0.0:7007' is not on loopback; what listens"
	 " there needs api.tls, and api.tokens or api.tls.client_ca\n"
	 "invalid /api/listen/2: api: listen[2] '[2001:db8::1]:7007' is not on loopback; what"
	 " listens there needs api.tls, and api.tokens or api.tls.client_ca\n"},
	{API("['0.0.0.0:7007'], 'tokens': '/t'"),
	 "invalid /api/listen/0: api: listen[0] '0.0.0.0:7007' is not on loopback; what listens"
	 " there needs api.tls\n"},
	{API("['0.0.0.0:7007'], 'tls': {'certificate': '/c', 'key': '/k'}"),
	 "invalid /api/listen/0: api: listen[0] '0.0.0.0:7007' is not on loopback; what listens"
	 " there needs api.tokens or api.tls.client_ca\n"},
	{API("['unix:/x'], 'socket_mode': '0066', 'socket_group': '-', 'tokens': 'x', 'tls': {}"),
	 "invalid /api/socket_mode: api: socket_mode '0066' is not a socket's mode; expected octal"
	 " digits from '0600' to '0777'\n"
	 "invalid /api/socket_group: api: socket_group '-' is not a group's name; expected 1 to 32"
	 " of A-Z, a-z, 0-9, '.', '_' and '-', not '-' first\n"
	 "invalid /api/tokens: api: tokens 'x' is not absolute; expected a path that begins with"
	 " '/'\n"
	 "invalid /api/tls: api: tls: key 'certificate' is missing\n"
	 "invalid /api/tls: api: tls: key 'key' is missing\n"},
	{API("['unix:/x'], 'socket_mode': 432"),
	 "invalid /api/socket_mode: api: socket_mode is an integer; expected a string\n"},
	{API("['localhost:7007', '127.0.0.1', '127.0.0.1:0', '127.0.0.1:65536', '::1:7007',"
	     " '[127.0.0.1]:7007', '[::1:7007', '[]:1', ':1', '', '127.0.0.1:70 ', '[::1]7007']"),
	 "limit /api/listen: api: listen has 12 elements; expected 1 to 8\n"},
	{API("['localhost:7007', '127.0.0.1', '127.0.0.1:0', '127.0.0.1:65536', '::1:7007',"
	     " '[127.0.0.1]:7007', '[::1:7007', '[]:1']"),
	 "invalid /api/listen/0: api: listen[0] 'localhost:7007' cannot be listened on" LISTEN_HINT
	 "invalid /api/listen/1: api: listen[1] '127.0.0.1' cannot be listened on" LISTEN_HINT
	 "invalid /api/listen/2: api: listen[2] '127.0.0.1:0' cannot be listened on" LISTEN_HINT
	 "invalid /api/listen/3: api: listen[3] '127.0.0.1:65536' cannot be listened"
	 " on" LISTEN_HINT
	 "invalid /api/listen/4: api: listen[4] '::1:7007' cannot be listened on" LISTEN_HINT
	 "invalid /api/listen/5: api: listen[5] '[127.0.0.1]:7007' cannot be listened"
	 " on" LISTEN_HINT
	 "invalid /api/listen/6: api: listen[6] '[::1:7007' cannot be listened on" LISTEN_HINT
	 "invalid /api/listen/7: api: listen[7] '[]:1' cannot be listened on" LISTEN_HINT},
	{API("[':1', '', '127.0.0.1:70 ', '[::1]7007', '127.0.0.1:07007']"),
	 "invalid /api/listen/0: api: listen[0] ':1' cannot be listened on" LISTEN_HINT
	 "invalid /api/listen/1: api: listen[1] '' cannot be listened on" LISTEN_HINT
	 "invalid /api/listen/2: api: listen[2] '127.0.0.1:70 ' cannot be listened on" LISTEN_HINT
	 "invalid /api/listen/3: api: listen[3] '[::1]7007' cannot be listened on" LISTEN_HINT
	 "invalid /api/listen/4: api: listen[4] '127.0.0.1:07007' cannot be listened"
	 " on" LISTEN_HINT},
	{API("['[::1]:7007', '[0::1]:7007']"),
	 "conflict /api/listen/1: api: listen[1] '[0::1]:7007' is given twice\n"},

	/* limits */
	{"{'node': {'interfaces': [{'name': 'e'}], 'limits': {'vips': 1, 'backends': 2,"
	 " 'slots': 4352}}, 'vips': {'a': {" WEB ", 'backends': {'x': {'address': '10.0.0.1'},"
	 " 'y': {'address': '10.0.0.2'}}}, 'b': {'address': '192.0.2.11', 'port': 80, 'protocol':"
	 " 'tcp', 'ring_slots': 512, 'backends': {'x': {'address': '10.0.0.1'}}}}}",
	 "limit /vips: vips: 2 vips in all exceed node.limits.vips, which is 1\n"
	 "limit /vips: vips: 3 backends in all exceed node.limits.backends, which is 2\n"
	 "limit /vips: vips: 4608 slots in all exceed node.limits.slots, which is 4352\n"},

	/* all at once, and what is sound is still checked */
	{"{'node': {'interfaces': [{'name': 'e'}], 'x': 1}, 'vips': {'bad': {'address': 5,"
	 " 'port': 'y'}, 'a': {" WEB "}, 'b': {" WEB "}}}",
	 "invalid /node/x: node: unknown key 'x'; known keys: name, interfaces, hash_seed,"
	 " outer_source4, outer_source6, limits, flow_idle_timeout_ms, bpf_dir,"
	 " state_dir\n"
	 "invalid /vips/bad/address: vip 'bad': address is an integer; expected a string\n"
	 "invalid /vips/bad/port: vip 'bad': port is 'y', a string; expected an integer from 0 to"
	 " 65535\n"
	 "invalid /vips/bad: vip 'bad': key 'protocol' is missing\n"
	 "conflict /vips/b/address: vip 'b': address '192.0.2.10' with port 80 and protocol 'tcp'"
	 " is that of vip 'a'\n"},
};

static void each_fault_is_told(void **state)
{
	(void)state;
	for (size_t index = 0; index < sizeof(cases) / sizeof(cases[0]); index++) {
		struct error_list errors = {0};
		json_t *json = json_of(cases[index].document);
		struct config *config = config_from_json(json, &errors);

		assert_string_equal(errors_text(&errors), cases[index].errors);
		assert_null(config);
		json_decref(json);
	}
}

static void a_full_list_only_counts(void **state)
{
	struct error_list errors = {0};
	json_t *json = json_of("{" NODE "}");
	char key[16];

	(void)state;
	for (int number = 0; number < ERROR_LIST_MAX + 50; number++) {
		snprintf(key, sizeof(key), "key-%d", number);
		json_object_set_new(json, key, json_null());
	}
	assert_null(config_from_json(json, &errors));
	assert_int_equal(errors.count, ERROR_LIST_MAX);
	assert_int_equal(errors.omitted, 50);
	error_list_done(&errors);
	json_decref(json);
}

/* A pointer cut in the middle would lead elsewhere: it ends at the last place that fits. */
static void a_long_key_leaves_a_pointer_that_leads_somewhere(void **state)
{
	struct error_list errors = {0};
	char key[ERROR_POINTER_BYTES + 1];
	json_t *json = json_of("{" NODE ", 'vips': {}}");

	(void)state;
	memset(key, '/', sizeof(key) - 1);
	key[sizeof(key) - 1] = '\0';
	json_object_set_new(json_object_get(json, "vips"), key, json_of("{" WEB ", 'x': 1}"));
	assert_null(config_from_json(json, &errors));
	assert_int_equal(errors.count, 2);
	assert_string_equal(errors.items[0].pointer, "/vips");
	assert_non_null(strstr(errors.items[0].message, "vip '//////"));
	assert_non_null(strstr(errors.items[0].message, "///...' is not a name"));
	assert_string_equal(errors.items[1].pointer, "/vips");
	assert_non_null(strstr(errors.items[1].message, "///...': unknown key 'x'"));
	error_list_done(&errors);
	json_decref(json);
}

static void too_many_backends_are_refused(void **state)
{
	struct error_list errors = {0};
	json_t *backends = json_object();
	json_t *json = json_of("{" WEB ", 'ring_slots': 4096}");
	char name[16], address[32];

	(void)state;
	for (int number = 0; number <= CAROM_BACKENDS_PER_VIP_MAX; number++) {
		snprintf(name, sizeof(name), "b%d", number);
		snprintf(address, sizeof(address), "10.0.%d.%d", number / 250, number % 250 + 1);
		json_object_set_new(backends, name, json_pack("{s:s}", "address", address));
	}
	json_object_set_new(json, "backends", backends);
	assert_null(config_vip_from_json(json, "web", "/vips/web", &errors));
	assert_string_equal(errors_text(&errors),
			    "limit /vips/web/backends: vip 'web': backends has 4097 members;"
			    " expected at most 4096\n"
			    "invalid /vips/web/ring_slots: vip 'web': ring_slots 4096 is too small;"
			    " expected at least one slot for each of the 4097 backends that have"
			    " weight\n");
	json_decref(json);
}

static void a_part_has_its_own_pointers(void **state)
{
	struct error_list errors = {0};
	struct config_backend backend, *backends;
	size_t count;
	json_t *json = json_of("{'b 1': {'address': 'x'}, 'b2': []}");

	(void)state;
	assert_int_equal(
		config_backends_from_json(json, "/vips/web/backends", &backends, &count, &errors),
		-1);
	assert_string_equal(errors_text(&errors),
			    "invalid /vips/web/backends/b 1: backend 'b 1'" NAME_HINT
			    "invalid /vips/web/backends/b 1/address: backend 'b 1': address 'x' is"
			    " not an IP address\n"
			    "invalid /vips/web/backends/b2: backend 'b2' is an array; expected an"
			    " object\n");
	assert_int_equal(
		config_backend_from_json(json_object_get(json, "b 1"), "b1", "", &backend, &errors),
		-1);
	assert_string_equal(errors_text(&errors),
			    "invalid /address: backend 'b1': address 'x' is not an IP address\n");
	json_decref(json);
}

static void pointers_can_be_made_relative_to_a_body(void **state)
{
	struct error_list errors = {0};

	(void)state;
	error_list_add(&errors, ERROR_INVALID, "/vips/web/backends/b1/address", "within");
	error_list_add(&errors, ERROR_INVALID, "/vips/web/backends", "the body");
	error_list_add(&errors, ERROR_INVALID, "/vips/web/backends-2", "a neighbour");
	error_list_add(&errors, ERROR_INVALID, "/vips", "around");
	json_errors_make_relative(&errors, "/vips/web/backends");
	assert_string_equal(errors_text(&errors),
			    "invalid /b1/address: within\ninvalid : the body\n"
			    "invalid : a neighbour\ninvalid : around\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_fault_is_told),
		cmocka_unit_test(a_full_list_only_counts),
		cmocka_unit_test(a_long_key_leaves_a_pointer_that_leads_somewhere),
		cmocka_unit_test(too_many_backends_are_refused),
		cmocka_unit_test(a_part_has_its_own_pointers),
		cmocka_unit_test(pointers_can_be_made_relative_to_a_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
