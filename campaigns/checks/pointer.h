/* pointer.h: a JSON pointer (RFC 6901) that grows and shrinks while a tree is walked.
 * Plain memory. What does not fit is left out; control characters become '?'. */
#ifndef BARKER_CAMPAIGNS_CHECKS_POINTER_H
#define BARKER_CAMPAIGNS_CHECKS_POINTER_H

#include <stddef.h>

struct pointer {
    char text[192];
    size_t len;
};
/* Both return the length before, to be given to pointer_cut. */
size_t pointer_add_key(struct pointer *p, const char *key);
size_t pointer_add_index(struct pointer *p, size_t index);
void pointer_cut(struct pointer *p, size_t len);

#endif
