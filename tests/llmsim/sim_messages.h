/* sim_messages.h: Anthropic's messages, for its batches: the same texts as sim_chat.h
 * in another dialect. Pure. Streams and tools are refused. */
#ifndef BARKER_TESTS_LLMSIM_SIM_MESSAGES_H
#define BARKER_TESTS_LLMSIM_SIM_MESSAGES_H

#include "tests/llmsim/sim_chat.h"

/* `root` is the body of a request, and is **taken**. */
enum err sim_messages_read(struct arena *a, struct json *root, struct sim_chat *out,
                           struct err_detail *d) MUST_USE;
/* The message that sim_chat_answer() writes. */
void sim_messages_write(const struct sim_chat *c, const struct sim_sample *s,
                        const struct buf *content, bool cut,
                        const struct sim_usage *usage, struct buf *out);
/* {"type":"error","error":{…}}; failures stay in out. */
void sim_messages_error(struct buf *out, const char *type, const char *message);

#endif
