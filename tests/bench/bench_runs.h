/* bench_runs.h: the benchmarks, each prints its JSON object and returns the exit code.
 */
#ifndef BARKER_TESTS_BENCH_RUNS_H
#define BARKER_TESTS_BENCH_RUNS_H

int bench_llm(int argc, char **argv);
int bench_queue(int argc, char **argv);
int bench_events(int argc, char **argv);
int bench_posterior(int argc, char **argv);
int bench_srm(int argc, char **argv);
int bench_evidence(int argc, char **argv);
int bench_offpolicy(int argc, char **argv);
int bench_delay(int argc, char **argv);
int bench_guard(int argc, char **argv);
int bench_rank(int argc, char **argv);

#endif
