/* engine.h: runs one iteration of one stage, as a pure state machine. The runner (and
 * the simulator) carries asks to the world and replies back; the engine decides what a
 * reply means. Replaying stored replies in attempt order gives the same state, which is
 * how a crashed campaign resumes. Lives in the campaign's arena. */
#ifndef BARKER_CAMPAIGNS_ENGINE_H
#define BARKER_CAMPAIGNS_ENGINE_H

#include "campaigns/kind.h"

enum engine_verdict {
    ENGINE_SETTLED, /* this ask has its answer */
    ENGINE_REASK,   /* ask again, with engine_objection() */
};

struct engine;

/* Consumes pause, resume, cancel and deadline from the mail. *direct = true: no stage
 * runs, the outcome is already in `next` (paused, resumed, cancelled; or there is more
 * mail to be read). Otherwise plans
 * the current stage. ERR_UNKNOWN_VERSION if the stage is not of this release. */
enum err engine_begin(struct campaign *c, struct engine **out, bool *direct,
                      struct next *next) MUST_USE;
void engine_fini(struct engine *e); /* frees parsed replies */

int engine_count(const struct engine *e);
const struct ask *engine_ask(const struct engine *e, int index);
bool engine_is_settled(const struct engine *e, int index);
int engine_open(const struct engine *e); /* asks not settled yet */

/* A reply of an ask. text is copied. Chat with a schema: parsed (and repaired), checked
 * against the schema, then judged by the stage; refused once = REASK, twice = settled
 * with ERR_BAD_OUTPUT and the raw text. An embedding of another size than asked for, a
 * verdict that is no JSON: ERR_BAD_OUTPUT. Other asks: text is the JSON that was read.
 */
enum err engine_reply(struct engine *e, int index, const char *text, size_t n,
                      int64_t usd_nano, enum engine_verdict *verdict) MUST_USE;
/* The ask failed for good. */
void engine_fail(struct engine *e, int index, enum err code);
void engine_close(struct engine *e, enum err code); /* all asks that are open failed */
/* For the re-ask: what the model said and what was wrong. "" if there is none. */
const char *engine_objection(const struct engine *e, int index);
const char *engine_refused_text(const struct engine *e, int index);

/* All asks are settled: folds them. A campaign that is_late ends, whatever its stage
 * wants next: as done if it is live, else it fails with ERR_DEADLINE. */
enum err engine_finish(struct engine *e, struct next *next) MUST_USE;

#endif
