/* What Wasmtime's C API lacks, added by the library that holds it: guests. A guest is one instance
 * of one WASI Preview 1 module in a store of its own, made from a plain description and run once.
 *
 * Include <wasmtime.h> for the rest. All functions are safe from several threads on different
 * objects, and engines, linkers and linked modules may be shared by threads. The library leaves
 * SIGPIPE alone: a program that wants a guest to see EPIPE when it writes into a closed pipe
 * ignores that signal. */
#ifndef PERCH_ENGINE_H
#define PERCH_ENGINE_H

#include <wasmtime.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes somebody else owns; not ended by a zero byte. */
typedef struct perch_slice {
  const char* data;
  size_t size;
} perch_slice_t;

/* ---- engines and code -------------------------------------------------------------------------*/

/* Leaves out of compiled code and stores what guests do not use: the map from machine code to
 * module offsets, and the component model's tasks. */
void perch_config_set_lean(wasm_config_t* config);

/* Makes an engine. wasm_engine_new_with_config aborts the process when the configuration does not
 * fit the host (a pool larger than the address space, a processor without a wanted feature); this
 * one says so.
 *
 * Owns:    takes `config`, also on failure. *out is the caller's: wasm_engine_delete.
 * Errors:  NULL when *out is set; otherwise an error the caller deletes, and *out is untouched. */
wasmtime_error_t* perch_engine_new(wasm_config_t* config, wasm_engine_t** out);

/* A number that is the same for two engines when code compiled by one may be loaded by the other:
 * it covers Wasmtime's version, every setting that changes code, the processor's features and the
 * target. The same in every process; fit for the name of a cache entry. */
uint64_t perch_engine_compatibility(const wasm_engine_t* engine);

/* Maps compiled code privately: the `size` bytes at `offset`, a multiple of the page size, of an
 * open file; what follows the code there is ignored. The file is trusted as code is: whoever can
 * write it can run anything.
 *
 * Owns:    the caller keeps `fd` and may close it at once; *out is the caller's. */
wasmtime_error_t* perch_module_map(const wasm_engine_t* engine, int fd, uint64_t offset,
                                   size_t size, wasmtime_module_t** out);

/* Where the machine code of one wasm function is. */
typedef struct perch_code_range {
  uintptr_t begin, end;
} perch_code_range_t;

/* Writes the places of the first `capacity` functions defined by the module, in order of their
 * index, and returns how many there are. Trampolines between host and guest are none of them. */
size_t perch_module_functions(const wasmtime_module_t* module, perch_code_range_t* out,
                              size_t capacity);

/* ---- linking ----------------------------------------------------------------------------------*/

/* A function of the host besides WASI: 32-bit integers in, one out.
 *
 * `host` is the guest's, `memory` its exported memory (NULL and 0 when it exports none), valid for
 * the call. Everything in `args` is the guest's choice. */
typedef int32_t (*perch_host_function_t)(void* host, uint8_t* memory, size_t size,
                                         const int32_t* args);

typedef struct perch_import {
  perch_slice_t module, name; /* UTF-8 */
  uint32_t parameters;        /* how many integers it takes */
  perch_host_function_t function;
} perch_import_t;

typedef struct perch_linker perch_linker_t; /* the functions guests of one engine may import */
typedef struct perch_linked perch_linked_t; /* a module with all its imports resolved */

/* Makes a linker with WASI Preview 1 and `imports`, whose strings are copied. */
wasmtime_error_t* perch_linker_new(const wasm_engine_t* engine, const perch_import_t* imports,
                                   size_t count, perch_linker_t** out);
void perch_linker_delete(perch_linker_t* linker);

/* The imports of `module` that the linker lacks or has with another type, one a line, as
 * `module.name TYPE` with the type in the text format; empty when it can be linked. */
void perch_linker_missing(const perch_linker_t* linker, const wasmtime_module_t* module,
                          wasm_byte_vec_t* out);

wasmtime_error_t* perch_linker_link(const perch_linker_t* linker, const wasmtime_module_t* module,
                                    perch_linked_t** out);
void perch_linked_delete(perch_linked_t* linked);

/* ---- guests -----------------------------------------------------------------------------------*/

typedef struct perch_mount {
  perch_slice_t host;  /* path of a directory */
  perch_slice_t guest; /* UTF-8 */
  bool writable;
} perch_mount_t;

/* All that a guest gets. Everything is copied or duplicated; `stop` and `host` must stay valid
 * until the guest is gone.
 *
 * A guest reads and writes streams[0..2] (stdin, stdout, stderr; -1: an empty stdin, or output that
 * is thrown away) with one system call of its own thread for each call: nothing is buffered or
 * translated, the order of the two output streams is kept, a read takes what is there and waits
 * only when nothing is, errors such as EPIPE reach the guest as they are. (Wasmtime splits writes
 * into pieces of 4 KiB.) The guest sees a terminal where there is one. */
typedef struct perch_guest_spec {
  const perch_slice_t* argv; /* any bytes */
  size_t argc;
  const perch_slice_t* env; /* NAME=value, any bytes */
  size_t env_count;
  const perch_mount_t* mounts;
  size_t mount_count;
  int streams[3];
  const perch_slice_t* input; /* the whole stdin instead of streams[0]; or NULL */
  uint64_t memory_bytes;      /* limit of all linear memories together */
  uint64_t table_elements;    /* limit of all tables together */
  const uint64_t* fuel;       /* NULL: unmetered; else the engine must consume fuel */
  const uint32_t* stop;       /* an atomic: not 0 from the moment the guest has to stop */
  void* host;                 /* for the functions of perch_import_t */
} perch_guest_spec_t;

typedef struct perch_guest perch_guest_t;

/* Makes a guest that may be run on any one thread. No guest code runs.
 *
 * Errors: a mount that cannot be opened, a descriptor that is not open, names not in UTF-8. */
wasmtime_error_t* perch_guest_new(const perch_linked_t* linked, const perch_guest_spec_t* spec,
                                  perch_guest_t** out);
void perch_guest_delete(perch_guest_t* guest);

/* PERCH_BROKEN_PIPE: it wrote again to a stream whose reader is gone, after EPIPE. */
enum { PERCH_RETURNED, PERCH_EXITED, PERCH_TRAPPED, PERCH_STOPPED, PERCH_BROKEN_PIPE };

typedef struct perch_outcome {
  uint32_t how;
  int32_t code;              /* PERCH_EXITED: what the guest gave to proc_exit */
  uint64_t memory_bytes;     /* size of its linear memories at the end */
  uint64_t fuel_used;        /* 0 when unmetered */
  uint64_t bytes_out;        /* what it wrote to streams[1] and streams[2] */
  wasm_byte_vec_t reason;    /* PERCH_TRAPPED: why */
  wasm_byte_vec_t backtrace; /* PERCH_TRAPPED: demangled function names, one a line, inner first */
} perch_outcome_t;

/* Instantiates the module, calls its `_start` and frees the guest.
 *
 * A guest whose *stop is set makes no further call: imports trap. What waits in a system call
 * (standard streams, poll_oneoff) looks at *stop when a signal interrupts it, so whoever sets it
 * sends one. Guest code that computes has to be stopped by the caller's signal handler, which may
 * send a thread whose program counter is in one of perch_module_functions() to the trapping
 * instruction of any other loaded module. */
void perch_guest_run(perch_guest_t* guest, perch_outcome_t* out);

#ifdef __cplusplus
}
#endif

#endif
