/* admission.h: leave to call, before anything else is done for a call: rpm, tpm, itpm,
 * otpm and max_in_flight of an endpoint, tpm and max_in_flight of a tenant, which all
 * workers share (queues/limits.h), what the endpoint says is left of them, and its wish
 * to be left alone (a 429 with a hint). Who is refused waits in the line of the runner
 * and holds nothing. Internal to workers/llm. One thread.
 *
 * A call goes when both leases at hand suffice, and takes of both at once; of one alone
 * nothing is ever taken. Its tenant is asked first, so a tenant without room asks
 * nothing of the endpoint. While the answer for a tenant is on its way, an endpoint
 * with room for its call keeps that: no other tenant can take each lease first. See
 * docs/decisions/0023. */
#ifndef BARKER_WORKERS_LLM_ADMISSION_H
#define BARKER_WORKERS_LLM_ADMISSION_H

#include "core/io/loop.h"
#include "workers/llm/endpoints.h"
#include "workers/llm/rates.h"

struct admission;
struct queue;

struct admission_options {
    struct loop *loop;
    struct queue *queue; /* borrows; NULL: no limit holds */
    const struct endpoints *endpoints;
    const struct config
        *config;        /* borrows; of the tenants. NULL: they have no limits */
    int64_t timeout_ms; /* of one call */
    loop_fn on_room;    /* it may be worth asking again; may be NULL */
    void *room_arg;
};
enum err admission_new(const struct admission_options *o,
                       struct admission **out) MUST_USE;
void admission_free(struct admission *a); /* NULL is fine */

struct admission_way { /* where a call goes, and for whom */
    const struct endpoint *endpoint;
    int tenant; /* its admission_tenant(), or own.gate of an earlier leave */
};
/* A tenant by its name (NULL = none); 0: it has no limits. */
int admission_tenant(const struct admission *a, const char *name);
/* Does it depend on the tokens of a call whether it may go there? */
bool admission_counts_tokens(const struct admission *a, struct admission_way way);
struct admission_tokens { /* of the prompt, of the reply */
    int64_t in, out;
};
/* Leave for one call of so many tokens; `waiting` calls like it wait, with this one. If
 * not, on_room() is called when that may have changed. */
bool admission_take(struct admission *a, struct admission_way way,
                    struct admission_tokens tokens, int waiting,
                    struct port_grant *out);
/* A call that was not begun: nothing of it counts. A leave of no endpoint is none. */
void admission_forgo(struct admission *a, const struct port_grant *g);
/* May it still be sent? A late one would arrive in a window it was not counted in. */
bool admission_is_fresh(const struct port_grant *g);
/* The call is over and took so many tokens. `usual`: it tells how many are used. */
void admission_settle(struct admission *a, const struct port_grant *g,
                      struct admission_tokens tokens, bool usual);
/* After that: what its reply told of the limits there. No limit of ours is raised. */
void admission_hear(struct admission *a, const struct endpoint *e,
                    const struct port_grant *g, const struct rates *told,
                    struct admission_tokens tokens);
/* The endpoint wants to be left alone for so long, at most a minute of it is heeded. */
void admission_close(struct admission *a, const struct endpoint *e, int64_t ms);
/* Until when it wants that, as far as this worker was told. */
int64_t admission_closed_ms(const struct admission *a, const struct endpoint *e);
/* The worker ends: gives back what it holds. Nothing is admitted from here. */
void admission_leave(struct admission *a);

#endif
