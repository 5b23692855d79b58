// Looks around like a guest that is not to be trusted: prints what it was given, then tries to
// get at more and prints what came of it. Takes the paths of a directory that it may only read
// and of one that it may write. Leaves nothing behind.

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wasi/api.h>

extern char** environ;

static void show_arguments(int argc, char** argv) {
  printf("  arguments    ");
  for (int i = 0; i < argc; i++)
    printf("%s%s", i ? " " : "", argv[i]);
  putchar('\n');
}

// Names only: the values are none of the terminal's business.
static void show_environment(void) {
  printf("  environment  ");
  size_t count = 0;
  for (; environ && environ[count]; count++)
    printf("%s%.*s", count ? ", " : "", (int)strcspn(environ[count], "="), environ[count]);
  puts(count ? "" : "empty");
}

// Directories that were given are the descriptors from 3 on, up to the first that is none.
static void show_directories(void) {
  printf("  directories  ");
  __wasi_prestat_t info;
  __wasi_fd_t fd = 3;
  for (; __wasi_fd_prestat_get(fd, &info) == 0; fd++) {
    char path[info.u.dir.pr_name_len + 1];
    if (__wasi_fd_prestat_dir_name(fd, (uint8_t*)path, info.u.dir.pr_name_len) != 0)
      break;
    path[info.u.dir.pr_name_len] = 0;
    printf("%s%s", fd > 3 ? ", " : "", path);
  }
  puts(fd > 3 ? "" : "none");
}

static void tell(const char* action, const char* subject, bool worked) {
  printf("  %-8s %-38s %s\n", action, subject, worked ? "allowed" : "refused");
}

static void try_list(const char* path) {
  DIR* directory = opendir(path);
  tell("list", path, directory != NULL);
  if (directory)
    closedir(directory);
}

static void try_read(const char* path) {
  int fd = open(path, O_RDONLY);
  char byte;
  tell("read", path, fd >= 0 && read(fd, &byte, 1) == 1);
  if (fd >= 0)
    close(fd);
}

static void try_write(const char* path, int flags) {
  int fd = open(path, O_WRONLY | flags, 0644);
  tell(flags & O_CREAT ? "create" : "change", path, fd >= 0);
  if (fd >= 0)
    close(fd);
  if (fd >= 0 && flags & O_CREAT)
    unlink(path);
}

static void try_link(const char* target, const char* path) {
  char text[256];
  snprintf(text, sizeof text, "%s -> %s", path, target);
  const bool worked = symlink(target, path) == 0;
  tell("link", text, worked);
  if (worked)
    unlink(path);
}

static void try_variable(const char* name) {
  printf("  %-8s %-38s %s\n", "getenv", name, getenv(name) ? "visible" : "not there");
}

int main(int argc, char** argv) {
  if (argc != 3) {
    fputs("usage: probe READABLE-DIRECTORY WRITABLE-DIRECTORY\n", stderr);
    return 2;
  }
  const char *const readable = argv[1], *const writable = argv[2];
  char path[256];
#define IN(directory, name) (snprintf(path, sizeof path, "%s/%s", directory, name), path)

  puts("What this guest was given");
  show_arguments(argc, argv);
  show_environment();
  show_directories();

  puts("What it tried");
  try_variable("PSEUDONYM_KEY");
  try_variable("DB_PASSWORD");
  try_variable("PATH");
  try_list(readable);
  try_read(IN(readable, "customers.csv"));
  try_write(IN(readable, "customers.csv"), 0);
  try_write(IN(readable, "new.txt"), O_CREAT);
  try_list(writable);
  try_write(IN(writable, "new.txt"), O_CREAT);
  try_link("/etc/passwd", IN(writable, "way-out"));
  try_list("/");
  try_list(".");
  try_read("/etc/passwd");
  try_read("/proc/self/environ");
  try_read(IN(readable, "../../etc/passwd"));
  try_read(IN(readable, "../pseudonymize.perch"));
  try_write("/tmp/new.txt", O_CREAT);
  return 0;
}
