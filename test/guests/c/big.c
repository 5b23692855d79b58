// About a megabyte of code of which a run needs little, as with a real tool: 2,400 distinct
// functions behind one table. Prints its arguments' checksum after a few calls.

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

// Each N gives a function with constants of its own, so that none can be merged.
#define FUNCTION(N)                                                                                \
  static uint32_t f##N(uint32_t x, const uint32_t* t) {                                            \
    uint32_t a = x * (2654435761u + 1##N##u), b = x ^ (1##N##u * 40503u);                          \
    for (int i = 0; i < (1##N & 7); i++) {                                                         \
      a = (a << (1##N % 13 + 3)) ^ (b >> (1##N % 7 + 2)) ^ t[(a + 1##N) & 255];                    \
      b += a * (1##N##u | 1u);                                                                     \
      if (b & (1u << (1##N % 29)))                                                                 \
        a ^= t[(b >> 5) & 255] + 1##N##u;                                                          \
      else                                                                                         \
        b = (b >> 3) + t[a >> 24];                                                                 \
    }                                                                                              \
    switch ((a ^ b) % 5) {                                                                         \
    case 0:                                                                                        \
      return a + 1##N##u;                                                                          \
    case 1:                                                                                        \
      return b ^ (1##N##u << 5);                                                                   \
    case 2:                                                                                        \
      return a * 3 + b * 1##N##u;                                                                  \
    case 3:                                                                                        \
      return t[a & 255] - b;                                                                       \
    default:                                                                                       \
      return (a | 1##N##u) & ~b;                                                                   \
    }                                                                                              \
  }
#define NAME(N) f##N,

#define TEN(M, P) M(P##0) M(P##1) M(P##2) M(P##3) M(P##4) M(P##5) M(P##6) M(P##7) M(P##8) M(P##9)
#define HUNDRED(M, P)                                                                              \
  TEN(M, P##0)                                                                                     \
  TEN(M, P##1) TEN(M, P##2) TEN(M, P##3) TEN(M, P##4) TEN(M, P##5) TEN(M, P##6) TEN(M, P##7)       \
      TEN(M, P##8) TEN(M, P##9)
#define THOUSAND(M, P)                                                                             \
  HUNDRED(M, P##0)                                                                                 \
  HUNDRED(M, P##1) HUNDRED(M, P##2) HUNDRED(M, P##3) HUNDRED(M, P##4) HUNDRED(M, P##5)             \
      HUNDRED(M, P##6) HUNDRED(M, P##7) HUNDRED(M, P##8) HUNDRED(M, P##9)
#define ALL(M)                                                                                     \
  THOUSAND(M, 1) THOUSAND(M, 2) HUNDRED(M, 30) HUNDRED(M, 31) HUNDRED(M, 32) HUNDRED(M, 33)

ALL(FUNCTION)

static uint32_t (*const table[])(uint32_t, const uint32_t*) = {ALL(NAME)};

int main(int argc, char** argv) {
  uint32_t words[256], sum = (uint32_t)argc;
  for (uint32_t i = 0; i < 256; i++)
    words[i] = i * 2246822519u;
  for (int i = 1; i < argc; i++)
    for (const char* at = argv[i]; *at; at++)
      sum = table[(sum ^ (uint8_t)*at) % (sizeof table / sizeof *table)](sum, words);
  printf("%08x\n", sum);
  return 0;
}
