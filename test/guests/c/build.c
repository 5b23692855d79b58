// build --target=NAME: copies each file F of /ro/src to /rw/bin/F.NAME and prints how many.
#include <dirent.h>
#include <stdio.h>
#include <string.h>

static int copy(const char* name, const char* target) {
  char from[300], to[300], piece[4096];
  snprintf(from, sizeof from, "/ro/src/%s", name);
  snprintf(to, sizeof to, "/rw/bin/%s.%s", name, target);
  FILE* in = fopen(from, "rb");
  FILE* out = in != NULL ? fopen(to, "wb") : NULL;
  if (out == NULL) {
    perror(in == NULL ? from : to);
    return 0;
  }
  for (size_t got; (got = fread(piece, 1, sizeof piece, in)) > 0;)
    fwrite(piece, 1, got, out);
  fclose(in);
  return fclose(out) == 0;
}

int main(int argc, char** argv) {
  if (argc != 2 || strncmp(argv[1], "--target=", 9) != 0) {
    fputs("usage: build --target=NAME\n", stderr);
    return 2;
  }
  DIR* directory = opendir("/ro/src");
  if (directory == NULL) {
    perror("/ro/src");
    return 1;
  }
  int count = 0;
  for (struct dirent* entry; (entry = readdir(directory)) != NULL;) {
    if (entry->d_name[0] == '.')
      continue;
    if (!copy(entry->d_name, argv[1] + 9))
      return 1;
    count++;
  }
  closedir(directory);
  printf("built %d for %s\n", count, argv[1] + 9);
  return 0;
}
