/* sim_kinds.c: the list of kinds with the toys in it; this object is linked before the
 * library, so its list is the one that all find. */
#define KINDS_DEF "tests/sim/toys.def"
#include "campaigns/kind.c"
