/* SPDX-License-Identifier: BSD-2-Clause */
#include "store_support.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#define FIRST_ADDRESS 0x0a010001 /* 10.1.0.1 */

static void open_store(struct scratch *scratch)
{
	struct error error = {0};

	scratch->store = store_new(scratch->folder, &error);
	if (!scratch->store)
		fail_msg("%s", error.message);
}

int reload(struct scratch *scratch, struct error *ret_error)
{
	store_free(scratch->store);
	open_store(scratch);
	revisions_clear(scratch->history);
	return store_load(scratch->store, scratch->base, scratch->history, ret_error);
}

void reload_well(struct scratch *scratch)
{
	struct error error = {0};

	if (reload(scratch, &error))
		fail_msg("%s", error.message);
}

void scratch_begin(struct scratch *scratch)
{
	*scratch = (struct scratch){.folder = "store-XXXXXX"};
	assert_non_null(mkdtemp(scratch->folder));
	scratch->base = config_of(THREE_VIPS);
	scratch->history = revisions_new(REVISIONS_KEPT, REVISIONS_BYTES_MAX);
	open_store(scratch);
	reload_well(scratch);
}

const char *path_of(const struct scratch *scratch, const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s", scratch->folder, name);
	return path;
}

static void empty_folder(const struct scratch *scratch)
{
	DIR *stream = opendir(scratch->folder);
	struct dirent *entry;

	while ((entry = readdir(stream)))
		unlink(path_of(scratch, entry->d_name));
	closedir(stream);
}

void scratch_end(struct scratch *scratch)
{
	store_free(scratch->store);
	empty_folder(scratch);
	assert_int_equal(rmdir(scratch->folder), 0);
	for (size_t i = 0; i < SCRIPT_MAX; i++)
		config_unref(scratch->expected[i]);
	revisions_free(scratch->history);
	config_unref(scratch->base);
}

void write_revisions(struct scratch *scratch, uint64_t first, struct config *const *configs,
		     size_t count)
{
	struct revisions *revisions = revisions_new(count, REVISIONS_BYTES_MAX);
	struct store_order order = {
		.revisions = revisions,
		.before = revisions_newest(scratch->history),
		.keep_from = scratch->keep_from,
	};
	struct error error = {0};

	for (size_t i = 0; i < count; i++) {
		struct revision revision = {
			.number = first + i,
			.time_ms = (int64_t)(first + i) * 1000,
			.author = "alice",
			.config = configs[i],
		};

		revisions_add(revisions, &revision);
		scratch->expected[first + i] = configs[i];
	}
	if (store_write(scratch->store, &order, &error))
		fail_msg("%s", error.message);
	for (size_t age = count; age-- > 0;)
		revisions_add(scratch->history, revisions_at(revisions, age));
	revisions_free(revisions);
}

void write_one(struct scratch *scratch, uint64_t number, struct config *config)
{
	write_revisions(scratch, number, &config, 1);
}

struct config *with_weight(const struct config *config, uint32_t weight)
{
	const struct config_vip *web = config_find_vip(config, "web");
	struct config_backend backend = *config_find_backend(web, "b1");
	struct error_list errors = {0};
	struct config_edit edit = {.kind = CONFIG_KIND_VIP, .name = "web"};
	struct config *result;

	backend.weight = weight;
	edit.object = &config_vip_with_backend(web, &backend, &errors)->object;
	assert_non_null(edit.object);
	result = config_merge_edits(config, &edit, 1);
	config_object_unref(edit.object);
	return result;
}

/* A VIP with as many backends as it can have. Their names are long. */
static struct config_vip *vip_of_many(const char *name, uint16_t port)
{
	struct config_vip *few =
		vip_of(name, "{'address': '192.0.2.99', 'port': 1, 'protocol': 'tcp'}");
	struct config_vip *many =
		malloc(sizeof(*many) + CAROM_BACKENDS_PER_VIP_MAX * sizeof(many->backends[0]));

	memcpy(many, few, sizeof(*many));
	many->port = port;
	many->backend_count = CAROM_BACKENDS_PER_VIP_MAX;
	for (uint32_t i = 0; i < CAROM_BACKENDS_PER_VIP_MAX; i++) {
		struct config_backend *backend = &many->backends[i];

		*backend = (struct config_backend){
			.address = address_from_ipv4(htonl(FIRST_ADDRESS + i)),
			.weight = 1,
		};
		snprintf(backend->name, sizeof(backend->name), "%0*u", CAROM_NAME_BYTES - 1, i);
	}
	config_vip_unref(few);
	return many;
}

struct config *with_many_backends(const struct config *config)
{
	struct config_edit edits[] = {
		{CONFIG_KIND_VIP, "many-1", &vip_of_many("many-1", 1)->object},
		{CONFIG_KIND_VIP, "many-2", &vip_of_many("many-2", 2)->object},
		{CONFIG_KIND_VIP, "many-3", &vip_of_many("many-3", 3)->object},
	};
	struct config *result = config_merge_edits(config, edits, 3);

	for (size_t i = 0; i < 3; i++)
		config_object_unref(edits[i].object);
	return result;
}

void write_script(struct scratch *scratch)
{
	struct error_list errors = {0};
	struct config_vip *mail =
		vip_of("mail", "{'address': '192.0.2.30', 'port': 25, 'protocol': 'tcp'}");
	struct config *pair[2];

	write_one(scratch, 1, config_ref(scratch->base));
	write_one(scratch, 2, with_weight(scratch->base, 7));
	write_one(scratch, 3, config_with_vip(scratch->expected[2], mail, &errors));
	pair[0] = config_without_vip(scratch->expected[3], "dns", &errors);
	pair[1] = with_weight(pair[0], 9);
	write_revisions(scratch, 4, pair, 2);
	assert_string_equal(errors_text(&errors), "");
	config_vip_unref(mail);
}

void assert_expected(const struct scratch *scratch, const struct revision *revision)
{
	const struct config *expected = scratch->expected[revision->number];

	if (!expected)
		fail_msg("revision %lu was never written", (unsigned long)revision->number);
	if (!config_objects_equal(revision->config, expected))
		fail_msg("revision %lu is not what was written", (unsigned long)revision->number);
	assert_int_equal(revision->time_ms, revision->number * 1000);
	assert_string_equal(revision->author, "alice");
	assert_string_equal(revision->config->node.name, scratch->base->node.name);
}

void assert_history(const struct scratch *scratch, uint64_t first, uint64_t last)
{
	assert_int_equal(revisions_count(scratch->history), last - first + 1);
	assert_int_equal(revisions_newest(scratch->history)->number, last);
	for (size_t age = 0; age < revisions_count(scratch->history); age++)
		assert_expected(scratch, revisions_at(scratch->history, age));
}

struct store_state state_of(const struct scratch *scratch)
{
	struct store_state state;

	store_state(scratch->store, &state);
	return state;
}

struct contents read_contents(const struct scratch *scratch, const char *name)
{
	int file = open(path_of(scratch, name), O_RDONLY | O_CLOEXEC);
	struct contents contents;
	struct stat status;

	assert_true(file >= 0);
	assert_int_equal(fstat(file, &status), 0);
	contents.length = (size_t)status.st_size;
	contents.bytes = malloc(contents.length + 1);
	assert_int_equal(read(file, contents.bytes, contents.length), contents.length);
	contents.bytes[contents.length] = '\0';
	close(file);
	return contents;
}

void write_contents(const struct scratch *scratch, const char *name, const char *bytes,
		    size_t length)
{
	int file = open(path_of(scratch, name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(file >= 0);
	assert_int_equal(write(file, bytes, length), length);
	close(file);
}

size_t offset_of(const struct contents *contents, uint64_t revision)
{
	char wanted[64];
	const char *body;

	snprintf(wanted, sizeof(wanted), "{\"revision\":%lu,", (unsigned long)revision);
	body = strstr(contents->bytes, wanted);
	assert_non_null(body);
	body--; /* the line's end */
	while (body > contents->bytes && body[-1] != '}')
		body--;
	return (size_t)(body - contents->bytes);
}
