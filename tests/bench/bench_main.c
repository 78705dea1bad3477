/* bench_main.c: barker-bench: prints one JSON object per run (CONTRACT §7). */
#include "tests/bench/bench_runs.h"
#include "core/base/log.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>

static int usage(void)
{
    fputs(
        "usage: barker-bench llm --url U --requests N --concurrency C [--bare|--full]\n"
        "       barker-bench queue --jobs N --tenants T\n"
        "       barker-bench events --events N --campaigns K --dup-rate R\n"
        "       barker-bench posterior [--sets N] [--draws N] [--seed N]\n"
        "       barker-bench srm [--looks N --tests N] < COUNTS\n"
        "       barker-bench evidence --part winners|coverage|levels [--policy P] "
        "[--tests "
        "N]\n"
        "           [--arms K] [--size N] [--looks N] [--rate R] [--lift L]\n"
        "           [--drift D] [--no-control] [--seed N]\n"
        "       barker-bench offpolicy --csv FILE [--target uniform|FILE] [--grouped]\n"
        "       barker-bench guard [--worlds N]\n"
        "       barker-bench delay [--seeds N] [--conversions N] [--mean WINDOWS]\n"
        "       barker-bench rank --csv FILE --policy P --tests N --batches B --seed "
        "S\n"
        "           [--horizon known|unknown] [--half even|odd|both] [--retire 1]\n"
        "       barker-bench rank --cost ARMS [--policy P]\n"
        "All but rank: [--redis URL] (default: a redis-server of its own, no "
        "persistence)\n",
        stderr);
    return 2;
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    log_init(LOG_ERROR, "bench");
    if (argc < 2)
        return usage();
    if (strcmp(argv[1], "llm") == 0)
        return bench_llm(argc, argv);
    if (strcmp(argv[1], "queue") == 0)
        return bench_queue(argc, argv);
    if (strcmp(argv[1], "events") == 0)
        return bench_events(argc, argv);
    if (strcmp(argv[1], "posterior") == 0)
        return bench_posterior(argc, argv);
    if (strcmp(argv[1], "srm") == 0)
        return bench_srm(argc, argv);
    if (strcmp(argv[1], "evidence") == 0)
        return bench_evidence(argc, argv);
    if (strcmp(argv[1], "offpolicy") == 0)
        return bench_offpolicy(argc, argv);
    if (strcmp(argv[1], "guard") == 0)
        return bench_guard(argc, argv);
    if (strcmp(argv[1], "delay") == 0)
        return bench_delay(argc, argv);
    if (strcmp(argv[1], "rank") == 0)
        return bench_rank(argc, argv);
    return usage();
}
