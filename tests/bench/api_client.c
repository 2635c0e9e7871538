/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_api_client SOCKET CLIENTS COUNT MILLISECONDS METHOD TARGET [BODY_FILE…]
 *
 * So many clients send requests over the Unix socket, each the next one when the last is answered,
 * and each its bodies in turn; "@" in the target becomes the client's number. Ends after COUNT
 * replies, or after so many milliseconds, whichever comes first; 0 is no bound. A reply that is no
 * success ends it at once. Prints one line of JSON: how many replies, in how many seconds, and the
 * latencies in microseconds in the order in which the replies came.
 *
 * One thread that polls: a thread a client would measure the scheduler.
 */
#include "api_http.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define CLIENTS_MAX 1024
#define BODIES_MAX  8
#define REPLIES_MAX (1u << 20)
#define NS_PER_MS   1000000ull

enum argument {
	ARGUMENT_SOCKET = 1,
	ARGUMENT_CLIENTS,
	ARGUMENT_COUNT,
	ARGUMENT_MILLISECONDS,
	ARGUMENT_METHOD,
	ARGUMENT_TARGET,
	ARGUMENT_BODIES,
};

struct client {
	struct http_connection connection;
	struct http_request requests[BODIES_MAX];
	size_t request_count;
	size_t next;
	uint64_t sent_ns;
};

struct run {
	struct client clients[CLIENTS_MAX];
	struct pollfd polls[CLIENTS_MAX];
	size_t client_count;
	size_t wanted;
	uint64_t began_ns, end_ns;
	double latencies_us[REPLIES_MAX];
	size_t reply_count;
};

static void __attribute__((noreturn)) give_up(const char *what)
{
	fprintf(stderr, "bench_api_client: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "r");
	struct stat status;
	char *text;

	if (!file || fstat(fileno(file), &status))
		give_up(path);
	text = calloc(1, (size_t)status.st_size + 1);
	if (!text || fread(text, 1, (size_t)status.st_size, file) != (size_t)status.st_size)
		give_up(path);
	fclose(file);
	return text;
}

static char *number_target(const char *target, size_t number)
{
	const char *mark = strchr(target, '@');
	char *numbered = NULL;
	int length = mark ? asprintf(&numbered, "%.*s%zu%s", (int)(mark - target), target, number,
				     mark + 1)
			  : asprintf(&numbered, "%s", target);

	if (length < 0)
		give_up("memory");
	return numbered;
}

static void add_request(struct client *client, const char *method, const char *target,
			const char *body)
{
	client->requests[client->request_count++] = http_request_new(method, target, body);
}

static void client_init(struct client *client, size_t number, int count, char **values)
{
	char *target = number_target(values[ARGUMENT_TARGET], number);

	for (int i = ARGUMENT_BODIES; i < count && i - ARGUMENT_BODIES < BODIES_MAX; i++) {
		char *body = read_file(values[i]);

		add_request(client, values[ARGUMENT_METHOD], target, body);
		free(body);
	}
	if (client->request_count == 0)
		add_request(client, values[ARGUMENT_METHOD], target, NULL);
	free(target);
	http_connect(&client->connection, values[ARGUMENT_SOCKET]);
}

static void client_done(struct client *client)
{
	for (size_t i = 0; i < client->request_count; i++)
		http_request_free(&client->requests[i]);
}

static void ask(struct client *client)
{
	client->sent_ns = http_now_ns();
	http_send(&client->connection, &client->requests[client->next]);
	client->next = (client->next + 1) % client->request_count;
}

static bool is_over(const struct run *run, uint64_t now_ns)
{
	return run->reply_count == run->wanted || (run->end_ns && now_ns >= run->end_ns);
}

static void take_reply(struct run *run, struct client *client)
{
	int status = http_read(&client->connection);
	uint64_t now_ns = http_now_ns();

	if (!status || is_over(run, now_ns))
		return;
	http_expect_success(&client->connection, status);
	run->latencies_us[run->reply_count++] = (double)(now_ns - client->sent_ns) / 1000;
	if (!is_over(run, now_ns))
		ask(client);
}

static void run_clients(struct run *run)
{
	for (size_t i = 0; i < run->client_count; i++)
		ask(&run->clients[i]);
	while (!is_over(run, http_now_ns())) {
		if (poll(run->polls, run->client_count, -1) < 0)
			give_up("poll");
		for (size_t i = 0; i < run->client_count; i++) {
			if (run->polls[i].revents)
				take_reply(run, &run->clients[i]);
		}
	}
}

static void print(const struct run *run)
{
	printf("{\"replies\": %zu, \"seconds\": %.6f, \"latencies_us\": [", run->reply_count,
	       (double)(http_now_ns() - run->began_ns) / 1e9);
	for (size_t i = 0; i < run->reply_count; i++)
		printf("%s%.1f", i ? ", " : "", run->latencies_us[i]);
	puts("]}");
}

static size_t parse_number(const char *text, size_t highest)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (*end || number > highest) {
		fprintf(stderr, "bench_api_client: '%s' is no number up to %zu\n", text, highest);
		exit(EXIT_FAILURE);
	}
	return number;
}

int main(int count, char **values)
{
	static struct run run;
	uint64_t duration_ms;

	if (count <= ARGUMENT_TARGET) {
		fputs("usage: bench_api_client SOCKET CLIENTS COUNT MILLISECONDS METHOD TARGET"
		      " [BODY_FILE…]\n",
		      stderr);
		return EXIT_FAILURE;
	}
	run.client_count = parse_number(values[ARGUMENT_CLIENTS], CLIENTS_MAX);
	run.wanted = parse_number(values[ARGUMENT_COUNT], REPLIES_MAX);
	duration_ms = parse_number(values[ARGUMENT_MILLISECONDS], REPLIES_MAX);
	if (run.wanted == 0)
		run.wanted = REPLIES_MAX;
	for (size_t i = 0; i < run.client_count; i++) {
		client_init(&run.clients[i], i, count, values);
		run.polls[i] = (struct pollfd){
			.fd = run.clients[i].connection.descriptor,
			.events = POLLIN,
		};
	}
	run.began_ns = http_now_ns();
	run.end_ns = duration_ms ? run.began_ns + duration_ms * NS_PER_MS : 0;
	run_clients(&run);
	print(&run);
	for (size_t i = 0; i < run.client_count; i++)
		client_done(&run.clients[i]);
	return EXIT_SUCCESS;
}
