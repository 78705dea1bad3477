/* gsm7.h: SMS length by 3GPP TS 23.038 (GSM 7-bit default alphabet and extension table)
 * and 23.040 (concatenation). Text outside the alphabet is UCS-2. Single message: 160
 * septets or 70 UTF-16 units; longer: 153 or 67 per segment, and neither an escape pair
 * nor a surrogate pair is split over two segments. */
#ifndef BARKER_CAMPAIGNS_CHECKS_GSM7_H
#define BARKER_CAMPAIGNS_CHECKS_GSM7_H

#include <stdbool.h>
#include <stddef.h>

struct gsm7_size {
    bool ucs2;
    int units;    /* septets, or UTF-16 units */
    int segments; /* 0 for empty text */
};
struct gsm7_size gsm7_measure(const char *text, size_t n);

#endif
