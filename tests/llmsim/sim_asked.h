/* sim_asked.h: what a POST asks the simulated model for: a chat, embeddings, verdicts.
 * Pure. */
#ifndef BARKER_TESTS_LLMSIM_SIM_ASKED_H
#define BARKER_TESTS_LLMSIM_SIM_ASKED_H

#include "tests/llmsim/sim_text.h"

enum sim_route { SIM_ROUTE_CHAT, SIM_ROUTE_EMBED, SIM_ROUTE_MODERATE, SIM_ROUTE_OTHER };

struct sim_asked {
    enum sim_route route;
    struct sim_chat chat;       /* of a chat, */
    struct sim_text text;       /* else this one */
    const char *model, *sha256; /* of either; "" if it could not be read */
};

enum sim_route sim_asked_route(const char *method, const char *path);
/* As sim_chat_parse(), by the route. */
enum err sim_asked_parse(enum sim_route route, struct arena *a, const char *body,
                         size_t n, struct sim_asked *out,
                         struct err_detail *d) MUST_USE;
void sim_asked_fini(struct sim_asked *q);
/* As sim_chat_answer(). */
enum err sim_asked_answer(const struct sim_asked *q, struct arena *a,
                          const struct sim_sample *s, struct buf *out,
                          struct sim_usage *usage, struct err_detail *d) MUST_USE;

#endif
