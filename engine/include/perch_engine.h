/* What Wasmtime's C API lacks, added by the library that holds it.
 *
 * Include <wasmtime.h> for the rest. All functions are safe from several threads on different
 * objects. The library leaves SIGPIPE alone: a program that wants a guest to see EPIPE when it
 * writes into a closed pipe ignores that signal. */
#ifndef PERCH_ENGINE_H
#define PERCH_ENGINE_H

#include <stdint.h>
#include <wasmtime.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Makes an engine. wasm_engine_new_with_config aborts the process when the configuration does not
 * fit the host (a pool larger than the address space, a processor without a wanted feature); this
 * one says so.
 *
 * Owns:    takes `config`, also on failure. *out is the caller's: wasm_engine_delete.
 * Errors:  NULL when *out is set; otherwise an error the caller deletes, and *out is untouched. */
wasmtime_error_t *perch_engine_new(wasm_config_t *config, wasm_engine_t **out);

/* A number that is the same for two engines when code compiled by one may be loaded by the other:
 * it covers Wasmtime's version, every setting that changes code, the processor's features and the
 * target. The same in every process; fit for the name of a cache entry. */
uint64_t perch_engine_compatibility(const wasm_engine_t *engine);

/* Lets the guest's file calls block the thread the guest runs on, which saves a hand-over to a
 * second thread for each call. Call it before wasi_config_preopen_dir: a directory keeps the
 * setting it was opened under. */
void perch_wasi_config_allow_blocking(wasi_config_t *config);

/* Binds the guest's stdin, stdout and stderr to duplicates of three descriptors of this process;
 * the caller keeps and closes its own. -1 stands for an empty stdin, or for output that is thrown
 * away. Two streams may name the same descriptor.
 *
 * One guest read or write is one system call on the guest's thread (writes of more than 4 KiB are
 * split by Wasmtime into writes of 4 KiB): nothing is buffered or translated, the order of the two
 * output streams is kept, a read takes what is there and waits only when nothing is, and an error
 * such as EPIPE reaches the guest as that errno. The guest sees a terminal where there is one.
 *
 * Errors:  0, or the errno of a descriptor that could not be duplicated; then `config` may have
 *          some of the streams set and is fit for wasi_config_delete only. */
int perch_wasi_config_set_stdio(wasi_config_t *config, int stdin_fd, int stdout_fd, int stderr_fd);

#ifdef __cplusplus
}
#endif

#endif
