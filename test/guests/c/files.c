// Works with many small files below the directory argv[1], as a packer or a code generator
// does: makes 5,000 files in 50 directories, then reads 10,000 pieces of 64 bytes from
// them, and prints a checksum. argv[2] overrides the number of files.

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { kDirectories = 50, kPiece = 64, kSize = 512 };

static void fail(const char* what) {
  perror(what);
  exit(1);
}

static void path_of(char* path, size_t size, const char* root, unsigned n) {
  snprintf(path, size, "%s/d%02u/f%05u.txt", root, n % kDirectories, n);
}

static void make_file(const char* path, unsigned n) {
  char body[kSize];
  for (int i = 0; i < kSize; i++)
    body[i] = (char)('a' + (n * 7 + (unsigned)i * 3) % 26);
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (fd < 0 || write(fd, body, kSize) != kSize || close(fd) != 0)
    fail(path);
}

static uint32_t read_piece(const char* path, off_t offset, uint32_t sum) {
  char piece[kPiece];
  int fd = open(path, O_RDONLY);
  if (fd < 0 || pread(fd, piece, kPiece, offset) != kPiece || close(fd) != 0)
    fail(path);
  for (int i = 0; i < kPiece; i++)
    sum = (sum ^ (uint8_t)piece[i]) * 16777619u;
  return sum;
}

int main(int argc, char** argv) {
  if (argc < 2)
    return 2;
  unsigned files = argc > 2 ? (unsigned)atoi(argv[2]) : 5000;
  char path[4096];
  for (unsigned d = 0; d < kDirectories; d++) {
    snprintf(path, sizeof path, "%s/d%02u", argv[1], d);
    if (mkdir(path, 0755) != 0 && errno != EEXIST)
      fail(path);
  }
  for (unsigned n = 0; n < files; n++) {
    path_of(path, sizeof path, argv[1], n);
    make_file(path, n);
  }
  uint32_t sum = 2166136261u;
  for (unsigned n = 0; n < 2 * files; n++) {
    path_of(path, sizeof path, argv[1], (n * 7919u) % files);
    sum = read_piece(path, (off_t)(n % (kSize / kPiece)) * kPiece, sum);
  }
  printf("%u files, %u reads, checksum %08x\n", files, 2 * files, sum);
  return 0;
}
