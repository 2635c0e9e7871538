/* SPDX-License-Identifier: BSD-2-Clause */
/* The control page: what is put is there, and what another process wrote there is not for long. */
#include "control_page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct carom_control mapped;

static struct control_page begin(void)
{
	struct control_page page = {.mapped = &mapped};

	mapped = (struct carom_control){.abi_major = 2, .active = 1, .clock = 7};
	mapped.generations[1].revision = 41;
	control_page_load(&page);
	return page;
}

static void what_is_put_is_there(void **state)
{
	struct control_page page = begin();

	(void)state;
	page.copy.generations[0].revision = 42;
	page.copy.active = 0;
	page.copy.clock = 8;
	page.copy.capture = 3;
	control_page_put(&page);
	assert_memory_equal(&mapped, &page.copy, sizeof(mapped));
	control_page_put(&page);
	assert_int_equal(page.foreign_count, 0);
}

/* Whatever word it is. */
static void foreign_writes_are_counted_and_taken_back(void **state)
{
	struct control_page page = begin();
	uint8_t *bytes = (uint8_t *)&mapped;

	(void)state;
	for (size_t i = 0; i < sizeof(mapped); i++) {
		bytes[i] ^= 0xff;
		control_page_put(&page);
		assert_int_equal(page.foreign_count, i + 1);
		assert_memory_equal(&mapped, &page.copy, sizeof(mapped));
	}
}

static void a_foreign_write_does_not_stop_ours(void **state)
{
	struct control_page page = begin();

	(void)state;
	mapped.active = 77;
	page.copy.active = 2;
	control_page_put(&page);
	assert_int_equal(mapped.active, 2);
	assert_int_equal(page.foreign_count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_put_is_there),
		cmocka_unit_test(foreign_writes_are_counted_and_taken_back),
		cmocka_unit_test(a_foreign_write_does_not_stop_ours),
	};

	return cmocka_run_group_tests_name("control_page", tests, NULL, NULL);
}
