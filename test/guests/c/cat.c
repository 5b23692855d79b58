// Copies files, or stdin when none is named, to stdout. `-` names stdin too.

#include <stdio.h>
#include <string.h>

static int copy(FILE* in, const char* name) {
  char piece[8192];
  for (size_t got; (got = fread(piece, 1, sizeof piece, in)) > 0;)
    if (fwrite(piece, 1, got, stdout) != got)
      return perror("cat: stdout"), 1;
  return ferror(in) ? perror(name), 1 : 0;
}

int main(int argc, char** argv) {
  if (argc < 2)
    return copy(stdin, "cat: stdin");
  int failed = 0;
  for (int i = 1; i < argc; i++) {
    int is_stdin = strcmp(argv[i], "-") == 0;
    FILE* in = is_stdin ? stdin : fopen(argv[i], "rb");
    if (!in) {
      perror(argv[i]);
      failed = 1;
      continue;
    }
    failed |= copy(in, argv[i]);
    if (!is_stdin)
      fclose(in);
  }
  return fflush(stdout) != 0 || failed;
}
