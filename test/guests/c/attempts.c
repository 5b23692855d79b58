// attempts N: fails until it is run the Nth time; keeps count in /rw/out/attempts.
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char** argv) {
  const int wanted = argc > 1 ? atoi(argv[1]) : 1;
  int count = 0;
  FILE* file = fopen("/rw/out/attempts", "r");
  if (file != NULL) {
    if (fscanf(file, "%d", &count) != 1)
      count = 0;
    fclose(file);
  }
  file = fopen("/rw/out/attempts", "w");
  if (file == NULL) {
    perror("/rw/out/attempts");
    return 2;
  }
  fprintf(file, "%d\n", ++count);
  fclose(file);
  const char* token = getenv("API_TOKEN");
  printf("attempt %d, token %s\n", count, token != NULL ? token : "(none)");
  return count < wanted ? 75 : 0;
}
