/* sim_asked.c: one route or another. */
#include "tests/llmsim/sim_asked.h"
#include <string.h>

enum sim_route sim_asked_route(const char *method, const char *path)
{
    static const char *const paths[] = {[SIM_ROUTE_CHAT] = "/v1/chat/completions",
                                        [SIM_ROUTE_EMBED] = "/v1/embeddings",
                                        [SIM_ROUTE_MODERATE] = "/v1/moderations"};
    enum sim_route route = SIM_ROUTE_CHAT;
    while (route < SIM_ROUTE_OTHER && strcmp(path, paths[route]) != 0)
        route++;
    return strcmp(method, "POST") == 0 ? route : SIM_ROUTE_OTHER;
}

enum err sim_asked_parse(enum sim_route route, struct arena *a, const char *body,
                         size_t n, struct sim_asked *out, struct err_detail *d)
{
    enum sim_text_kind kind = route == SIM_ROUTE_EMBED ? SIM_EMBED : SIM_MODERATE;
    bool chats = route == SIM_ROUTE_CHAT;
    *out = (struct sim_asked){.route = route};
    enum err e = chats ? sim_chat_parse(a, body, n, &out->chat, d)
                       : sim_text_parse(kind, body, n, &out->text, d);
    out->model = chats ? out->chat.model : out->text.model;
    out->sha256 = chats ? out->chat.prompt_sha256 : out->text.sha256;
    return e;
}

void sim_asked_fini(struct sim_asked *q)
{
    sim_chat_fini(&q->chat);
    sim_text_fini(&q->text);
}

enum err sim_asked_answer(const struct sim_asked *q, struct arena *a,
                          const struct sim_sample *s, struct buf *out,
                          struct sim_usage *usage, struct err_detail *d)
{
    return q->route == SIM_ROUTE_CHAT ? sim_chat_answer(&q->chat, a, s, out, usage, d)
                                      : sim_text_answer(&q->text, s, out, usage);
}
