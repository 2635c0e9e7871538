/* SPDX-License-Identifier: BSD-2-Clause */
#include "model.h"

#include "abi.h"

#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>

void model_init(struct model *model, uint32_t idle_timeout_s)
{
	*model = (struct model){.idle_timeout_s = idle_timeout_s};
	for (size_t i = 0; i < INTENT_FLOWS; i++)
		model->flows[i].backend = MODEL_NOBODY;
}

/* ---- commits ---- */

static struct model_backend judge_backend(const struct intent_vip *vip,
					  const struct intent_backend *intent,
					  const struct model_backend *before)
{
	struct model_backend backend = {0};

	if (!vip->is_there || !intent->is_there)
		return backend;
	backend.was_reached = before->was_reached || intent->is_up;
	backend.serves =
		intent->state != CONFIG_STATE_DISABLED &&
		(intent->is_up || (vip->on_down == CONFIG_ON_DOWN_KEEP && backend.was_reached));
	backend.is_eligible =
		intent->state == CONFIG_STATE_ACTIVE && intent->weight && intent->is_up;
	return backend;
}

static void commit_vip(struct model_vip *vip, const struct intent_vip *intent, bool is_udp)
{
	vip->is_there = intent->is_there;
	vip->recognizes_no_flow = is_udp && intent->tracking == CONFIG_TRACKING_ALWAYS;
	vip->has_eligible = false;
	for (size_t i = 0; i < INTENT_BACKENDS; i++) {
		vip->backends[i] = judge_backend(intent, &intent->backends[i], &vip->backends[i]);
		vip->has_eligible |= vip->backends[i].is_eligible;
	}
}

void model_commit(struct model *model, const struct intent *intent)
{
	for (size_t i = 0; i < INTENT_VIPS; i++)
		commit_vip(&model->vips[i], &intent->vips[i],
			   intent_service(i)->protocol == IPPROTO_UDP);
	for (size_t i = 0; i < INTENT_FLOWS; i++) {
		struct model_flow *flow = &model->flows[i];
		const struct model_vip *vip = &model->vips[intent_flow_vip(i)];

		if (flow->backend != MODEL_NOBODY && !vip->backends[flow->backend].serves)
			flow->backend = MODEL_NOBODY;
		flow->may_move |= flow->was_refused && vip->recognizes_no_flow;
	}
}

/* ---- packets ---- */

static bool __attribute__((format(printf, 2, 3)))
refute(char ret_verdict[MODEL_VERDICT_BYTES], const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(ret_verdict, MODEL_VERDICT_BYTES, format, arguments);
	va_end(arguments);
	return false;
}

/* The backend that the packet must go to, or MODEL_NOBODY: any that may take it. */
static int owed(const struct model *model, const struct model_packet *packet)
{
	const struct model_flow *flow = &model->flows[packet->flow];
	uint32_t patience_s = flow->is_confirmed ? model->idle_timeout_s : CAROM_FLOW_UNCONFIRMED_S;

	if (packet->opens || flow->may_move || packet->now_s - flow->sent_s > patience_s)
		return MODEL_NOBODY;
	return flow->backend;
}

static bool judge_drop(const struct model *model, const struct model_packet *packet,
		       char ret_verdict[MODEL_VERDICT_BYTES])
{
	int backend = owed(model, packet);

	if (backend != MODEL_NOBODY)
		return refute(ret_verdict, "a packet of a flow of %s was dropped",
			      intent_backend_name((size_t)backend));
	return !model->vips[intent_flow_vip(packet->flow)].has_eligible ||
	       refute(ret_verdict, "a packet was dropped, though there are backends to take it");
}

static bool judge_backend_choice(const struct model *model, const struct model_packet *packet,
				 const struct model_seen *seen,
				 char ret_verdict[MODEL_VERDICT_BYTES])
{
	const struct model_vip *vip = &model->vips[seen->vip];
	const char *name = intent_backend_name(seen->backend);
	int backend = owed(model, packet);

	if (seen->vip != intent_flow_vip(packet->flow))
		return refute(ret_verdict, "a packet went to a backend of %s",
			      intent_service(seen->vip)->name);
	if (backend != MODEL_NOBODY && (size_t)backend != seen->backend)
		return refute(ret_verdict, "a flow of %s went to %s",
			      intent_backend_name((size_t)backend), name);
	if (!vip->backends[seen->backend].serves)
		return refute(ret_verdict, "a packet went to %s, which gave its flows up", name);
	if (packet->opens && !seen->was_refused && !vip->backends[seen->backend].is_eligible)
		return refute(ret_verdict, "a new flow went to %s, which takes none", name);
	return true;
}

static void learn(struct model *model, const struct model_packet *packet,
		  const struct model_seen *seen)
{
	model->flows[packet->flow] = (struct model_flow){
		.backend = seen->fate == MODEL_FORWARDED ? (int)seen->backend : MODEL_NOBODY,
		.sent_s = packet->now_s,
		.is_confirmed = !packet->opens,
		.was_refused = seen->was_refused,
	};
}

bool model_judge(struct model *model, const struct model_packet *packet,
		 const struct model_seen *seen, char ret_verdict[MODEL_VERDICT_BYTES])
{
	bool is_there = model->vips[intent_flow_vip(packet->flow)].is_there, is_right = false;

	if (is_there != (seen->fate != MODEL_PASSED))
		return refute(ret_verdict, is_there ? "a VIP's packet was left to the kernel"
						    : "a packet of no VIP was taken");
	switch (seen->fate) {
	case MODEL_FORWARDED:
		is_right = judge_backend_choice(model, packet, seen, ret_verdict);
		break;
	case MODEL_DROPPED: is_right = judge_drop(model, packet, ret_verdict); break;
	case MODEL_PASSED: is_right = true; break;
	}
	learn(model, packet, seen);
	return is_right;
}
