/* sim_stream.h: an answer as the events of a stream: chat.completion.chunk objects of a
 * few characters each, the last word, the usage if it was asked for, [DONE]. */
#ifndef BARKER_TESTS_LLMSIM_SIM_STREAM_H
#define BARKER_TESTS_LLMSIM_SIM_STREAM_H

#include "tests/llmsim/sim_chat.h"

/* Appends; failures stay in out. */
void sim_stream_write(const struct sim_chat *c, const struct sim_sample *s,
                      const struct buf *content, bool cut,
                      const struct sim_usage *usage, struct buf *out);

#endif
