/* hash.h: the hashes of the product, each for one purpose.
 *  crc16  CRC16-XMODEM of Redis Cluster (partition and slot), over exactly the bytes
 *         given: whoever hashes a key passes the part inside {tag}
 *  fast   64-bit, stable for ever (assignment, dedupe): FNV-1a 64 + fmix64 finaliser
 *         (MurmurHash3); part of the public behaviour, never change it
 *  sha256 content identity (specs, prompts); hex is lower case, 64 characters + NUL
 *  hmac   what nobody may guess who lacks the key: HMAC-SHA-256 (RFC 2104) */
#ifndef BARKER_CORE_BASE_HASH_H
#define BARKER_CORE_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_SHA256_HEX 65
#define HASH_SHA1_HEX 41
#define HASH_HMAC_BYTES 32

uint16_t hash_crc16(const void *bytes, size_t n);
uint64_t hash_fast(const void *bytes, size_t n, uint64_t seed);
uint64_t hash_fast_str(const char *s, uint64_t seed);
uint64_t hash_mix(uint64_t x); /* fmix64 */
void hash_sha256_hex(const void *bytes, size_t n, char out[HASH_SHA256_HEX]);
void hash_sha1_hex(const void *bytes, size_t n, char out[HASH_SHA1_HEX]); /* EVALSHA */
void hash_hmac(const void *key, size_t key_len, const void *bytes, size_t n,
               unsigned char out[HASH_HMAC_BYTES]);
/* Lower case, 2n characters and a NUL. */
void hash_hex(const unsigned char *bytes, size_t n, char *out);

#endif
