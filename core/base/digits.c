/* digits.c: see digits.h. */
#include "core/base/digits.h"

size_t digits_count(uint64_t n)
{
    size_t count = 1;
    for (; n >= 10; n /= 10)
        count++;
    return count;
}

size_t digits_write_size(char *out, uint64_t n)
{
    size_t count = digits_count(n);
    for (size_t i = count; i > 0; n /= 10)
        out[--i] = (char)('0' + n % 10);
    return count;
}

size_t digits_write(char *out, int64_t n)
{
    if (n >= 0)
        return digits_write_size(out, (uint64_t)n);
    *out = '-';
    return 1 + digits_write_size(out + 1, 0 - (uint64_t)n);
}
