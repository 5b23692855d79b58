// Writes N bytes (argv[1]) of numbered 64-byte lines to stdout, or to stderr when argv[2]
// is "err"; with argv[3] each line starts with that text. For captures, pipes and the
// order of lines.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char** argv) {
  if (argc < 2)
    return 2;
  long long left = atoll(argv[1]);
  FILE* out = argc > 2 && strcmp(argv[2], "err") == 0 ? stderr : stdout;
  const char* prefix = argc > 3 ? argv[3] : "line";
  for (long long n = 0; left > 0; n++) {
    char line[80];
    memset(line, '.', 64);
    int used = snprintf(line, 63, "%.40s %lld ", prefix, n);
    line[used] = '.';
    line[63] = '\n';
    size_t length = left < 64 ? (size_t)left : 64;
    if (fwrite(line, 1, length, out) != length)
      return 1;
    left -= (long long)length;
  }
  return fflush(out) != 0;
}
