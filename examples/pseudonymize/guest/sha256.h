#pragma once
// SHA-256 and the keyed HMAC made of it (FIPS 180-4, RFC 2104), for short inputs.

#include <stddef.h>
#include <stdint.h>

enum { kSha256Bytes = 32 };

/// Digest of `length` bytes at `data`.
void sha256(const void* data, size_t length, uint8_t digest[kSha256Bytes]);

/// HMAC-SHA-256 of `message` under `key`; both any length.
void hmac_sha256(const void* key, size_t key_length, const void* message, size_t length,
                 uint8_t digest[kSha256Bytes]);
