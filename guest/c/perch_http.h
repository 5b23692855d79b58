#pragma once
// HTTP for WebAssembly guests of perch, in C. One header, no library.
//
//   perch_response r = perch_get("https://api.example.com/v1");
//   if (r < 0) return 1;                       // refused: perch's audit says why
//   printf("%d\n", perch_status(r));
//   for (int32_t n; (n = perch_read(r, piece, sizeof piece)) > 0;) fwrite(piece, 1, n, stdout);
//   perch_close(r);
//
// A host is reached when the block says `wasm_allow_host "HOST"` and the policy around it agrees.

#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A response: greater than 0, or -1 when the request was refused or failed. At most 64 are open.
typedef int32_t perch_response;

#define PERCH_IMPORT(name) __attribute__((import_module("perch"), import_name(name))) extern int32_t

PERCH_IMPORT("http_get") perch_import_get(const char* url, int32_t url_len);
PERCH_IMPORT("http_request")
perch_import_request(const char* method, int32_t method_len, const char* url, int32_t url_len,
                     const char* headers, int32_t headers_len, const void* body, int32_t body_len);
PERCH_IMPORT("http_status") perch_import_status(int32_t response);
PERCH_IMPORT("http_body_len") perch_import_body_len(int32_t response);
PERCH_IMPORT("http_header")
perch_import_header(int32_t response, const char* name, int32_t name_len, char* to, int32_t cap);
PERCH_IMPORT("http_read_body") perch_import_read_body(int32_t response, void* to, int32_t cap);
PERCH_IMPORT("http_close") perch_import_close(int32_t response);

#undef PERCH_IMPORT

/// GETs `url` and waits for the whole response.
static inline perch_response perch_get(const char* url) {
  return perch_import_get(url, (int32_t)strlen(url));
}

/// Sends a request. `method` is one of GET HEAD POST PUT PATCH DELETE; `headers` are `Name: value`
/// lines joined by '\n', or ""; `body` is `body_len` bytes.
static inline perch_response perch_request(const char* method, const char* url, const char* headers,
                                           const void* body, size_t body_len) {
  return perch_import_request(method, (int32_t)strlen(method), url, (int32_t)strlen(url), headers,
                              (int32_t)strlen(headers), body, (int32_t)body_len);
}

/// The status code, or -1.
static inline int32_t perch_status(perch_response response) {
  return perch_import_status(response);
}

/// The length of the body in bytes, or -1.
static inline int32_t perch_length(perch_response response) {
  return perch_import_body_len(response);
}

/// Copies the value of the header `name` to `to`, cut and ended by a zero byte so that it fits
/// `cap`, which is at least 1. Returns its full length, or -1 when there is no such header.
static inline int32_t perch_header(perch_response response, const char* name, char* to,
                                   size_t cap) {
  int32_t length =
      perch_import_header(response, name, (int32_t)strlen(name), to, (int32_t)(cap - 1));
  to[length < 0 ? 0 : (size_t)length < cap - 1 ? (size_t)length : cap - 1] = '\0';
  return length;
}

/// Copies the next bytes of the body to `to`. Returns how many, 0 at the end, or -1.
static inline int32_t perch_read(perch_response response, void* to, size_t cap) {
  return perch_import_read_body(response, to, (int32_t)cap);
}

/// Ends the response. What is left open ends with the guest.
static inline int32_t perch_close(perch_response response) { return perch_import_close(response); }

#ifdef __cplusplus
}
#endif
