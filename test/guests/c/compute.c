// Computes: compute sha256|nbody|sieve|matmul ROUNDS. Prints one line with the result, so
// that no part of the work can be left out. Builds natively too, for comparison.

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// --- SHA-256 of a mebibyte, chained over the rounds --------------------------------------

static const uint32_t kRound[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t rotate(uint32_t x, int n) { return x >> n | x << (32 - n); }

static void sha256_block(uint32_t state[8], const uint8_t* block) {
  uint32_t w[64];
  for (int i = 0; i < 16; i++)
    w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
           (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
  for (int i = 16; i < 64; i++) {
    uint32_t s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
    uint32_t s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10;
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
  uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
  for (int i = 0; i < 64; i++) {
    uint32_t t1 = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) +
                  kRound[i] + w[i];
    uint32_t t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
  }
  state[0] += a, state[1] += b, state[2] += c, state[3] += d;
  state[4] += e, state[5] += f, state[6] += g, state[7] += h;
}

static void run_sha256(int rounds) {
  static uint8_t data[1 << 20];
  for (size_t i = 0; i < sizeof data; i++)
    data[i] = (uint8_t)(i * 31);
  uint32_t state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                       0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  for (int round = 0; round < rounds; round++)
    for (size_t at = 0; at < sizeof data; at += 64)
      sha256_block(state, data + at);
  printf("sha256 %08x%08x\n", state[0], state[1]);
}

// --- n-body: five bodies, fixed steps ----------------------------------------------------

typedef struct {
  double x, y, z, vx, vy, vz, mass;
} Body;

static void advance(Body* bodies, int count, double dt) {
  for (int i = 0; i < count; i++)
    for (int j = i + 1; j < count; j++) {
      Body *a = &bodies[i], *b = &bodies[j];
      double dx = a->x - b->x, dy = a->y - b->y, dz = a->z - b->z;
      double d2 = dx * dx + dy * dy + dz * dz + 0.01;
      double pull = dt / (d2 * sqrt(d2));
      a->vx -= dx * b->mass * pull, a->vy -= dy * b->mass * pull, a->vz -= dz * b->mass * pull;
      b->vx += dx * a->mass * pull, b->vy += dy * a->mass * pull, b->vz += dz * a->mass * pull;
    }
  for (int i = 0; i < count; i++) {
    Body* a = &bodies[i];
    a->x += dt * a->vx, a->y += dt * a->vy, a->z += dt * a->vz;
  }
}

static void run_nbody(int rounds) {
  Body bodies[5];
  for (int i = 0; i < 5; i++)
    bodies[i] =
        (Body){1.0 + 2.0 * i, 0.3 * i, -0.1 * i, 0.01 * i, 0.4 / (1 + i), 0.02, 1.0 / (1 + i)};
  for (int step = 0; step < rounds * 200000; step++)
    advance(bodies, 5, 0.001);
  printf("nbody %.9f %.9f\n", bodies[0].x, bodies[4].vy);
}

// --- sieve: primes below four million ----------------------------------------------------

static void run_sieve(int rounds) {
  enum { kLimit = 4000000 };
  static uint8_t composite[kLimit];
  int primes = 0;
  for (int round = 0; round < rounds; round++) {
    memset(composite, 0, sizeof composite);
    primes = 0;
    for (int i = 2; i < kLimit; i++) {
      if (composite[i])
        continue;
      primes++;
      for (long long j = (long long)i * i; j < kLimit; j += i)
        composite[j] = 1;
    }
  }
  printf("sieve %d\n", primes);
}

// --- matrix product, 256 x 256, plain loops ----------------------------------------------

static void run_matmul(int rounds) {
  enum { kN = 256 };
  static double a[kN][kN], b[kN][kN], c[kN][kN];
  for (int i = 0; i < kN; i++)
    for (int j = 0; j < kN; j++)
      a[i][j] = (i * 3 + j) % 17 * 0.5, b[i][j] = (i + j * 5) % 13 * 0.25;
  for (int round = 0; round < rounds; round++)
    for (int i = 0; i < kN; i++)
      for (int j = 0; j < kN; j++) {
        double sum = 0;
        for (int k = 0; k < kN; k++)
          sum += a[i][k] * b[k][j];
        c[i][j] += sum;
      }
  printf("matmul %.3f %.3f\n", c[0][0], c[kN - 1][kN - 1]);
}

int main(int argc, char** argv) {
  const int rounds = argc > 2 ? atoi(argv[2]) : 1;
  const char* what = argc > 1 ? argv[1] : "";
  if (strcmp(what, "sha256") == 0)
    run_sha256(rounds);
  else if (strcmp(what, "nbody") == 0)
    run_nbody(rounds);
  else if (strcmp(what, "sieve") == 0)
    run_sieve(rounds);
  else if (strcmp(what, "matmul") == 0)
    run_matmul(rounds);
  else
    return fputs("usage: compute sha256|nbody|sieve|matmul ROUNDS\n", stderr), 2;
  return 0;
}
