/* clock.h: the clocks. Code that decides takes `now_ms` as an argument; only the
 * edges ask a clock. In the simulator the clock is virtual (tests/sim). */
#ifndef BARKER_CORE_BASE_CLOCK_H
#define BARKER_CORE_BASE_CLOCK_H

#include <stdint.h>

int64_t clock_wall_ms(void); /* Unix time; may jump */
int64_t clock_wall_ns(void); /* the same, for records */
int64_t clock_mono_ms(void); /* never goes back; for durations and deadlines */
int64_t clock_mono_us(void);
/* As mono, and it goes on while the machine is suspended, when that one stands still:
 * for what others count down meanwhile, as the age of a lease in Redis. Nothing else
 * goes by it: timers of the loop are monotonic, and a call that was under way has its
 * time left. */
int64_t clock_boot_ms(void);
int64_t clock_cpu_us(void); /* CPU time of this process, user + system */

#endif
