// Prints all that a guest can see of its surroundings, one fact a line, in a fixed order:
//
//   arg N TEXT           each argument, from 0
//   env NAME=VALUE       each variable, sorted
//   mount PATH           each preopened directory, in the host's order
//   entry PATH KIND      what a mount holds, sorted, directories before what is in them
//   open PATH ok|ERROR   what it gets from well-known paths of a host
//
// ERROR is the name of an errno value.

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wasi/api.h>

extern char** environ;

static const char* error_name(int error) {
  switch (error) {
  case EACCES:
    return "EACCES";
  case EBADF:
    return "EBADF";
  case EINVAL:
    return "EINVAL";
  case ELOOP:
    return "ELOOP";
  case ENOENT:
    return "ENOENT";
  case ENOTCAPABLE:
    return "ENOTCAPABLE";
  case ENOTDIR:
    return "ENOTDIR";
  case ENOTSUP:
    return "ENOTSUP";
  case EPERM:
    return "EPERM";
  default:
    return strerror(error);
  }
}

static int by_text(const void* a, const void* b) {
  return strcmp(*(char* const*)a, *(char* const*)b);
}

static void show_environment(void) {
  size_t count = 0;
  while (environ && environ[count])
    count++;
  if (count > 0)
    qsort(environ, count, sizeof *environ, by_text);
  for (size_t i = 0; i < count; i++)
    printf("env %s\n", environ[i]);
}

static const char* kind_of(const char* path) {
  struct stat info;
  if (lstat(path, &info) != 0)
    return error_name(errno);
  if (S_ISDIR(info.st_mode))
    return "directory";
  if (S_ISREG(info.st_mode))
    return "file";
  if (S_ISLNK(info.st_mode))
    return "link";
  return "other";
}

static void show_entries(const char* directory) {
  DIR* open_directory = opendir(directory);
  if (!open_directory) {
    printf("entry %s %s\n", directory, error_name(errno));
    return;
  }
  char** paths = NULL;
  size_t count = 0;
  for (struct dirent* entry; (entry = readdir(open_directory));) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
      continue;
    paths = realloc(paths, (count + 1) * sizeof *paths);
    asprintf(&paths[count++], "%s/%s", directory, entry->d_name);
  }
  closedir(open_directory);
  if (count > 0)
    qsort(paths, count, sizeof *paths, by_text);
  for (size_t i = 0; i < count; i++) {
    const char* kind = kind_of(paths[i]);
    printf("entry %s %s\n", paths[i], kind);
    if (strcmp(kind, "directory") == 0)
      show_entries(paths[i]);
    free(paths[i]);
  }
  free(paths);
}

// Preopened directories are the descriptors from 3 on, up to the first that is none.
static void show_mounts(void) {
  for (__wasi_fd_t fd = 3;; fd++) {
    __wasi_prestat_t info;
    if (__wasi_fd_prestat_get(fd, &info) != 0)
      return;
    char path[info.u.dir.pr_name_len + 1];
    if (__wasi_fd_prestat_dir_name(fd, (uint8_t*)path, info.u.dir.pr_name_len) != 0)
      return;
    path[info.u.dir.pr_name_len] = 0;
    printf("mount %s\n", path);
    show_entries(path);
  }
}

static void show_open(const char* path) {
  int fd = open(path, O_RDONLY);
  printf("open %s %s\n", path, fd < 0 ? error_name(errno) : "ok");
  if (fd >= 0)
    close(fd);
}

int main(int argc, char** argv) {
  for (int i = 0; i < argc; i++)
    printf("arg %d %s\n", i, argv[i]);
  show_environment();
  show_mounts();
  const char* const host_paths[] = {"/", ".", "..", "/etc/passwd", "/proc/self/environ", "/tmp"};
  for (size_t i = 0; i < sizeof host_paths / sizeof *host_paths; i++)
    show_open(host_paths[i]);
  return 0;
}
