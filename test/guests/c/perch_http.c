// Uses perch's HTTP functions as argv says, one call a line on stdout:
//
//   perch_http get URL                      GET: handle, status, length and body
//   perch_http request METHOD URL HEADERS BODY    HEADERS: lines joined by \n
//   perch_http header URL NAME              one response header
//   perch_http misuse                       pointers, lengths and handles out of range
//
// Exit status 0 when the call got a handle (misuse: when every call gave -1), else 1.

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define IMPORT(name) __attribute__((import_module("perch"), import_name(#name))) extern int32_t name

IMPORT(http_get)(const char* url, int32_t url_len);
IMPORT(http_status)(int32_t handle);
IMPORT(http_body_len)(int32_t handle);
IMPORT(http_read_body)(int32_t handle, char* dst, int32_t cap);
IMPORT(http_close)(int32_t handle);
IMPORT(http_request)(const char* method, int32_t method_len, const char* url, int32_t url_len,
                     const char* headers, int32_t headers_len, const char* body, int32_t body_len);
IMPORT(http_header)(int32_t handle, const char* name, int32_t name_len, char* dst, int32_t cap);

static int32_t length(const char* text) { return (int32_t)strlen(text); }

static int show_response(int32_t handle) {
  if (handle <= 0) {
    printf("refused %d\n", handle);
    return 1;
  }
  printf("status %d\nlength %d\n", http_status(handle), http_body_len(handle));
  char piece[1000];
  for (int32_t got; (got = http_read_body(handle, piece, sizeof piece)) > 0;)
    fwrite(piece, 1, (size_t)got, stdout);
  printf("\nclose %d again %d\n", http_close(handle), http_close(handle));
  return 0;
}

static int show_header(const char* url, const char* name) {
  int32_t handle = http_get(url, length(url));
  char value[256] = "";
  int32_t full = handle > 0 ? http_header(handle, name, length(name), value, sizeof value - 1) : -1;
  printf("header %d %s\n", full, value);
  if (handle > 0)
    http_close(handle);
  return full < 0;
}

static int misuse(void) {
  char* const behind_memory = (char*)0xfffffff0u;
  char byte;
  const int32_t results[] = {
      http_get(behind_memory, 100),
      http_get("http://example.invalid/", -1),
      http_get("http://example.invalid/", 0x7fffffff),
      http_status(12345),
      http_body_len(0),
      http_read_body(-1, &byte, 1),
      http_read_body(1, behind_memory, 100),
      http_close(0x7fffffff),
      http_request("GET", 3, behind_memory, 1, "", 0, "", 0),
      http_header(1, "a", 1, behind_memory, 100),
  };
  int failed = 0;
  for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
    printf("misuse %zu: %d\n", i, results[i]);
    failed |= results[i] != -1;
  }
  return failed;
}

int main(int argc, char** argv) {
  if (argc == 3 && strcmp(argv[1], "get") == 0)
    return show_response(http_get(argv[2], length(argv[2])));
  if (argc == 6 && strcmp(argv[1], "request") == 0)
    return show_response(http_request(argv[2], length(argv[2]), argv[3], length(argv[3]), argv[4],
                                      length(argv[4]), argv[5], length(argv[5])));
  if (argc == 4 && strcmp(argv[1], "header") == 0)
    return show_header(argv[2], argv[3]);
  if (argc == 2 && strcmp(argv[1], "misuse") == 0)
    return misuse();
  fputs("usage: perch_http get|request|header|misuse ...\n", stderr);
  return 2;
}
