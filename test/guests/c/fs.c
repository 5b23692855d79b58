// A file tool for tests of what mounts allow. Its arguments are steps, run in order; each
// prints one line, `STEP ARGS: ok` or `STEP ARGS: ERRNO-NAME`; `read`, `ls` and `readlink`
// print what they got instead of `ok`.
//
//   read P | write P TEXT | append P TEXT | ls P | stat P | mkdir P | rmdir P | rm P
//   mv P Q | link P Q | symlink TEXT P | readlink P | chdir P | truncate P
//
// Exit status 0 when all went well, 1 when a step failed, 2 for a step it does not know.

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char result[65536]; // what the last step got

static int step_read(char** a) {
  int fd = open(a[0], O_RDONLY);
  if (fd < 0)
    return -1;
  ssize_t got = read(fd, result, sizeof result - 1);
  close(fd);
  result[got < 0 ? 0 : got] = 0;
  return got < 0 ? -1 : 0;
}

static int put(const char* path, int flags, const char* text) {
  int fd = open(path, O_WRONLY | O_CREAT | flags, 0644);
  if (fd < 0)
    return -1;
  ssize_t wrote = write(fd, text, strlen(text));
  return close(fd) != 0 || wrote != (ssize_t)strlen(text) ? -1 : 0;
}

static int step_write(char** a) { return put(a[0], O_TRUNC, a[1]); }
static int step_append(char** a) { return put(a[0], O_APPEND, a[1]); }
static int step_truncate(char** a) { return put(a[0], O_TRUNC, ""); }

static int by_text(const void* a, const void* b) {
  return strcmp(*(char* const*)a, *(char* const*)b);
}

static int step_ls(char** a) {
  DIR* directory = opendir(a[0]);
  if (!directory)
    return -1;
  char* names[1024];
  size_t count = 0;
  for (struct dirent* entry; count < 1024 && (entry = readdir(directory));)
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
      names[count++] = strdup(entry->d_name);
  closedir(directory);
  qsort(names, count, sizeof *names, by_text);
  size_t at = 0;
  for (size_t i = 0; i < count; i++) {
    at += snprintf(result + at, sizeof result - at, "%s%s", i ? " " : "", names[i]);
    free(names[i]);
  }
  return 0;
}

static int step_stat(char** a) {
  struct stat info;
  if (lstat(a[0], &info) != 0)
    return -1;
  const char* kind = S_ISDIR(info.st_mode)   ? "directory"
                     : S_ISREG(info.st_mode) ? "file"
                     : S_ISLNK(info.st_mode) ? "link"
                                             : "other";
  snprintf(result, sizeof result, "%s", kind);
  return 0;
}

static int step_readlink(char** a) {
  ssize_t got = readlink(a[0], result, sizeof result - 1);
  result[got < 0 ? 0 : got] = 0;
  return got < 0 ? -1 : 0;
}

static int step_mkdir(char** a) { return mkdir(a[0], 0755); }
static int step_rmdir(char** a) { return rmdir(a[0]); }
static int step_rm(char** a) { return unlink(a[0]); }
static int step_mv(char** a) { return rename(a[0], a[1]); }
static int step_link(char** a) { return link(a[0], a[1]); }
static int step_symlink(char** a) { return symlink(a[0], a[1]); }
static int step_chdir(char** a) { return chdir(a[0]); }

static const struct {
  const char* name;
  int operands;
  int (*run)(char**);
} steps[] = {
    {"read", 1, step_read},       {"write", 2, step_write},
    {"append", 2, step_append},   {"ls", 1, step_ls},
    {"stat", 1, step_stat},       {"mkdir", 1, step_mkdir},
    {"rmdir", 1, step_rmdir},     {"rm", 1, step_rm},
    {"mv", 2, step_mv},           {"link", 2, step_link},
    {"symlink", 2, step_symlink}, {"readlink", 1, step_readlink},
    {"chdir", 1, step_chdir},     {"truncate", 1, step_truncate},
};

static const char* error_name(int error) {
  static const struct {
    int number;
    const char* name;
  } names[] = {
      {EACCES, "EACCES"},       {EBADF, "EBADF"},
      {EEXIST, "EEXIST"},       {EINVAL, "EINVAL"},
      {EISDIR, "EISDIR"},       {ELOOP, "ELOOP"},
      {ENOENT, "ENOENT"},       {ENOTCAPABLE, "ENOTCAPABLE"},
      {EPERM, "EPERM"},         {ENOTDIR, "ENOTDIR"},
      {ENOTEMPTY, "ENOTEMPTY"}, {ENOTSUP, "ENOTSUP"},
      {EROFS, "EROFS"},         {EXDEV, "EXDEV"},
      {ENOSPC, "ENOSPC"},       {EMFILE, "EMFILE"},
  };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (names[i].number == error)
      return names[i].name;
  return strerror(error);
}

int main(int argc, char** argv) {
  int failed = 0;
  for (int at = 1; at < argc;) {
    size_t i = 0;
    while (i < sizeof steps / sizeof *steps && strcmp(steps[i].name, argv[at]) != 0)
      i++;
    if (i == sizeof steps / sizeof *steps || at + steps[i].operands >= argc) {
      fprintf(stderr, "fs: not a step, or operands missing: %s\n", argv[at]);
      return 2;
    }
    for (int word = at; word <= at + steps[i].operands; word++)
      printf("%s%s", word > at ? " " : "", argv[word]);
    result[0] = 0;
    int outcome = steps[i].run(argv + at + 1);
    printf(": %s\n", outcome != 0 ? error_name(errno) : result[0] ? result : "ok");
    failed |= outcome != 0;
    at += 1 + steps[i].operands;
  }
  return failed;
}
