/* bench_llm.c: fan-out of LLM calls against a mock endpoint: a closed loop, or with
 * --rate R an open one that starts R calls a second, whatever comes back.
 *   --bare  curl multi on uv, no engine   (default) engine without Redis
 *   --full  with reservation, journal and settling in Redis, as campaigns do
 * --warm N: the first N calls, which open the connections, are not counted; --ca FILE:
 * certificates of an https mock. */
#include "core/base/clock.h"
#include "core/base/config.h"
#include "core/io/http.h"
#include "queues/jobs.h"
#include "tests/bench/bench_env.h"
#include "tests/bench/bench_lag.h"
#include "tests/bench/bench_runs.h"
#include "workers/llm/llm.h"
#include "workers/live/ports_live.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BATCH_MAX 64

enum mode { BARE, ENGINE, FULL };

struct llm_run {
    struct bench_env env;
    struct http *http;
    struct llm *llm;
    struct config *config;
    struct ports_live *live;
    struct ports ports;
    enum mode mode;
    bool stream;
    struct loop_timer *pace; /* of an open loop */
    int64_t rate, pace_from_us;
    struct bench_lag lag;
    const char *ca;
    int64_t warm, t0_us, cpu0_us; /* when the calls that count began */
    int64_t requests, concurrency, started, ended, errors;
    int64_t *total_us, *engine_us, *start_us, *settle_us;
    int left, open;
    uint64_t pending[BATCH_MAX]; /* FULL: to be reserved at the end of the turn */
    int pending_count;
    double redis_cpu_s;
    int64_t fence;
    struct ask ask;
    char url[600], body[1700];
};

static void next(struct llm_run *b);

/* From here it counts. */
static void begin(struct llm_run *b)
{
    b->cpu0_us = clock_cpu_us();
    b->t0_us = clock_mono_us();
    bench_lag_start(&b->lag, b->env.loop);
}

static void finish(struct llm_run *b, uint64_t n, bool ok, int64_t upstream_us)
{
    int64_t total = clock_mono_us() - b->start_us[n];
    b->total_us[b->ended] = total;
    b->engine_us[b->ended] = total > upstream_us ? total - upstream_us : 0;
    b->ended++;
    b->errors += !ok;
    if (b->ended == b->warm)
        begin(b);
    if (b->ended == b->requests)
        b->left = 0;
    else if (!b->rate && b->mode != FULL)
        next(b);
}

static void on_http(void *arg, uint64_t n, const struct http_reply *r)
{
    finish(arg, n, r->err == ERR_OK && r->status == 200, r->total_us);
}

static void send_bare(struct llm_run *b, uint64_t n)
{
    static const struct http_header headers[] = {
        {"Content-Type", "application/json"},
        {"Accept", "application/json"},
        {"X-Client-Request-Id", "bench/angles/0/0/0"},
        {"Authorization", "Bearer bench"}}; /* as the engine's */
    struct http_request q = {.method = "POST",
                             .url = b->url,
                             .headers = headers,
                             .header_count = 4,
                             .body = b->body,
                             .body_len = strlen(b->body),
                             .connect_timeout_ms = 10000,
                             .deadline_ms = 120000,
                             .max_reply_bytes = 1 << 20};
    uint64_t id;
    if (http_send(b->http, &q, on_http, b, n, &id))
        bench_die("http", "not sent");
}

static void on_settled(void *arg, uint64_t n, enum err e)
{
    struct llm_run *b = arg;
    finish(b, n, e == ERR_OK, b->settle_us[n]);
}

static void on_call(void *arg, uint64_t n, const struct port_call_result *r)
{
    struct llm_run *b = arg;
    int64_t upstream = r->total_us;
    if (b->mode == ENGINE) {
        finish(b, n, r->code == ERR_OK, upstream);
        return;
    }
    struct port_place at = {
        .campaign = "bench", .fence = b->fence, .stage = "angles", .iteration = 0};
    struct port_settlement s = {
        .index = (int)n, .attempt = 0, .is_call = true, .ask = &b->ask, .result = r};
    b->settle_us[n] = upstream;
    b->errors += r->code != ERR_OK;
    if (b->ports.settle(b->ports.self, &at, &s, on_settled, b, n))
        bench_die("settle", "not sent");
    if (!b->rate)
        next(b); /* as the runner: the slot is free while what came is being stored */
}

static struct port_call call_of(struct llm_run *b, uint64_t n)
{
    return (struct port_call){.campaign = "bench",
                              .stage = "angles",
                              .index = (int)n,
                              .ask = &b->ask,
                              .endpoint = "",
                              .model = "",
                              .refused_text = "",
                              .objection = ""};
}

static void call(struct llm_run *b, uint64_t n)
{
    struct port_call c = call_of(b, n);
    uint64_t id;
    if (llm_call(b->llm, &c, on_call, b, n, &id))
        bench_die("call", "not sent");
}

static void on_reserved(void *arg, uint64_t n, enum err e,
                        const enum port_verdict *verdicts, int count)
{
    for (int i = 0; i < count && !e; i++) {
        if (verdicts[i] != PORT_GRANTED)
            bench_die("reserve", "refused");
        call(arg, n + (uint64_t)i);
    }
    if (e)
        bench_die("reserve", err_code(e));
}

/* As the runner: what a turn of the loop made room for is reserved at once. Numbers of
 * a batch follow each other. */
static void reserve(void *arg)
{
    struct llm_run *b = arg;
    struct port_place at = {
        .campaign = "bench", .fence = b->fence, .stage = "angles", .iteration = 0};
    struct port_estimate most[BATCH_MAX];
    int index[BATCH_MAX], attempt[BATCH_MAX] = {0}, count = b->pending_count;
    b->pending_count = 0;
    for (int i = 0; i < count; i++) {
        struct port_call c = call_of(b, b->pending[i]);
        index[i] = (int)b->pending[i];
        most[i] = llm_estimate(b->llm, &c);
    }
    if (count && b->ports.reserve(b->ports.self, &at, index, attempt, most, count,
                                  on_reserved, b, b->pending[0]))
        bench_die("reserve", "not sent");
}

static void put_off(struct llm_run *b, uint64_t n)
{
    if (b->pending_count == 0 && loop_defer(b->env.loop, reserve, b))
        bench_die("reserve", "not put off");
    b->pending[b->pending_count++] = n;
    if (b->pending_count == BATCH_MAX)
        reserve(b);
}

static void next(struct llm_run *b)
{
    if (b->started == b->requests)
        return;
    uint64_t n = (uint64_t)b->started++;
    b->start_us[n] = clock_mono_us();
    if (b->mode == BARE)
        send_bare(b, n);
    else if (b->mode == ENGINE)
        call(b, n);
    else
        put_off(b, n);
}

static void on_step(void *arg, uint64_t ticket, enum err e, const struct reply *r)
{
    struct llm_run *b = arg;
    (void)ticket;
    if (e)
        bench_die("campaign", err_code(e));
    const struct reply *claimed = reply_at(r, 5);
    if (reply_count(claimed))
        b->fence = reply_int(reply_at(reply_at(claimed, 0), 1));
    b->open--;
}

/* One campaign, admitted and claimed, whose journal takes the calls. */
static void open_campaign(struct llm_run *b)
{
    struct jobs_tick t = {
        .worker = "bench:1:1", .slots = 1, .lease_ms = 600000, .beat = 1};
    b->open = 2;
    bench_admit(&b->env, "bench", "default", on_step, b);
    if (jobs_tick(&b->env.queue, &t, on_step, b, 0))
        bench_die("campaign", "not sent");
    bench_wait(&b->env, &b->open);
    if (!b->fence)
        bench_die("campaign", "not claimed");
    b->open = 1;
    if (jobs_load(&b->env.queue, "bench", b->fence, on_step, b, 0))
        bench_die("campaign", "not sent");
    bench_wait(&b->env, &b->open);
}

static void load_config(struct llm_run *b, const char *url)
{
    struct err_detail d;
    char path[] = "/tmp/barker-bench-XXXXXX", ini[1200];
    int fd = mkstemp(path);
    int len = snprintf(ini, sizeof ini,
                       "[worker]\nconcurrency = %" PRId64 "\n[llm]\nca_file = %s\n"
                       "[endpoint bench]\nbase_url = %s\nmodel = bench\n"
                       "key_env = BENCH_KEY\nstream = %s\n",
                       b->concurrency, b->ca, url, b->stream ? "true" : "false");
    setenv("BENCH_KEY", "bench", 0);
    if (fd < 0 || write(fd, ini, (size_t)len) != len)
        bench_die("config", "cannot be written");
    if (config_load(path, &b->config, &d))
        bench_die("config", d.message);
    (void)close(fd);
    (void)unlink(path);
}

static void open_engine(struct llm_run *b, const char *url)
{
    struct err_detail d;
    load_config(b, url);
    struct llm_options o = {
        .config = b->config, .connect_timeout_ms = 10000, .timeout_ms = 120000};
    if (llm_new(b->env.loop, &o, &b->llm, &d))
        bench_die("llm", d.message);
    struct ports_live_options live = {
        .queue = &b->env.queue, .llm = b->llm, .loop = b->env.loop};
    if (b->mode == FULL && ports_live_new(&live, &b->live))
        bench_die("ports", "out of memory");
    if (b->mode == FULL) {
        b->ports = ports_live_table(b->live);
        open_campaign(b);
    }
}

static void fill(struct llm_run *b, const char *url)
{
    static char prompt[1400];
    memset(prompt, 'x', sizeof prompt - 1);
    b->ask = (struct ask){.type = ASK_CHAT,
                          .user = prompt,
                          .system = "",
                          .max_tokens = 150,
                          .temperature = 0.7};
    snprintf(b->url, sizeof b->url, "%s/chat/completions", url);
    snprintf(
        b->body, sizeof b->body,
        "{\"model\":\"bench\",\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}],"
        "\"temperature\":0.7,\"max_tokens\":150,\"seed\":0%s}",
        prompt, b->stream ? ",\"stream\":true" : "");
    size_t n = (size_t)b->requests;
    b->total_us = calloc(n, sizeof(int64_t));
    b->engine_us = calloc(n, sizeof(int64_t));
    b->start_us = calloc(n, sizeof(int64_t));
    b->settle_us = calloc(n, sizeof(int64_t));
    if (!b->total_us || !b->engine_us || !b->start_us || !b->settle_us)
        bench_die("memory", "out of memory");
}

static double percentile_ms(int64_t *us, const struct llm_run *b, double share)
{
    return (double)bench_percentile(us + b->warm, b->requests - b->warm, share) / 1000;
}

static void report(struct llm_run *b, double s, double cpu, double rss0)
{
    static const char *const names[] = {"bare", "engine", "full"};
    double rss = bench_rss_peak_mb(), count = (double)(b->requests - b->warm);
    printf("{\"bench\":\"llm\",\"mode\":\"%s\",\"stream\":%s,\"rate\":%" PRId64
           ",\"requests\":%.0f,\"concurrency\":%" PRId64,
           names[b->mode], b->stream ? "true" : "false", b->rate, count,
           b->concurrency);
    printf(",\"requests_per_s\":%.0f,\"cpu_s_per_1000\":%.4f,\"p50_ms\":%.3f,"
           "\"p99_ms\":%.3f,\"engine_p99_ms\":%.3f,\"lag_p99_ms\":%.3f",
           count / s, cpu * 1000 / count, percentile_ms(b->total_us, b, 0.5),
           percentile_ms(b->total_us, b, 0.99), percentile_ms(b->engine_us, b, 0.99),
           bench_lag_ms(&b->lag, 0.99));
    printf(",\"errors\":%" PRId64 ",\"rss_mb_peak\":%.1f,\"bytes_per_in_flight\":%.0f,"
           "\"redis_cpu_s_per_1000\":%.4f}\n",
           b->errors, rss, (rss - rss0) * 1048576 / (double)b->concurrency,
           b->redis_cpu_s * 1000 / (double)b->requests);
}

static void close_all(struct llm_run *b)
{
    bench_lag_stop(&b->lag);
    if (b->pace)
        loop_timer_free(b->pace);
    if (b->http)
        http_free(b->http);
    llm_free(b->llm);
    redis_free(b->env.redis);
    b->env.redis = NULL;
    ports_live_free(b->live);
    config_free(b->config);
    bench_env_close(&b->env);
    free(b->total_us);
    free(b->engine_us);
    free(b->start_us);
    free(b->settle_us);
}

/* What is due by now. */
static void on_pace(void *arg)
{
    struct llm_run *b = arg;
    int64_t due = (clock_mono_us() - b->pace_from_us) * b->rate / 1000000 + 1;
    while (b->started < due && b->started < b->requests)
        next(b);
}

static void start(struct llm_run *b)
{
    if (b->rate) {
        if (loop_timer_new(b->env.loop, on_pace, b, &b->pace))
            bench_die("timer", "out of memory");
        b->pace_from_us = clock_mono_us();
        loop_timer_start(b->pace, 0, 1);
    }
    for (int64_t i = 0; i < b->concurrency && !b->rate; i++)
        next(b);
}

int bench_llm(int argc, char **argv)
{
    struct llm_run b = {.requests = bench_number(argc, argv, "--requests", 2000),
                        .concurrency = bench_number(argc, argv, "--concurrency", 64),
                        .left = 1};
    const char *url = bench_option(argc, argv, "--url", NULL);
    if (!url || b.requests < 1 || b.concurrency < 1)
        bench_die("llm", "--url U, --requests and --concurrency of at least 1");
    b.mode = bench_flag(argc, argv, "--bare")   ? BARE
             : bench_flag(argc, argv, "--full") ? FULL
                                                : ENGINE;
    b.rate = bench_number(argc, argv, "--rate", 0);
    b.warm = bench_number(argc, argv, "--warm", 0);
    b.ca = bench_option(argc, argv, "--ca", "");
    b.requests += b.warm;
    b.stream = bench_flag(argc, argv, "--stream");
    bench_env_open(&b.env, bench_option(argc, argv, "--redis", NULL));
    fill(&b, url);
    struct http_options h = {.max_connections = (int)b.concurrency, .ca_file = b.ca};
    if (b.mode == BARE && http_new(b.env.loop, &h, &b.http))
        bench_die("http", "out of memory");
    if (b.mode != BARE)
        open_engine(&b, url);
    double rss0 = bench_rss_peak_mb();
    double redis0 = b.mode == FULL ? bench_redis_cpu_s(&b.env) : 0;
    if (!b.warm)
        begin(&b);
    start(&b);
    bench_wait(&b.env, &b.left);
    double s = (double)(clock_mono_us() - b.t0_us) / 1e6;
    int64_t cpu = clock_cpu_us() - b.cpu0_us;
    b.redis_cpu_s = b.mode == FULL ? bench_redis_cpu_s(&b.env) - redis0 : 0;
    report(&b, s, (double)cpu / 1e6, rss0);
    int64_t errors = b.errors;
    close_all(&b);
    return errors ? 1 : 0;
}
