#pragma once
// Making descriptors: pipes, duplicates, the null device. All close on exec and are above 2.

#include "base/result.h"
#include "sys/fd.h"
#include "sys/fs.h"

#include <cstddef>

namespace perch::sys {

struct Pipe {
  Fd read;
  Fd write;
};

/// Errors: file_error, when the process or the system has no descriptor left (the message says how
/// to raise the limit).
[[nodiscard]] Result<Pipe> make_pipe();
/// Reads and writes on `fd` no longer block. It is a property of the open file, shared with every
/// duplicate: never for descriptors that perch was started with.
[[nodiscard]] Status set_nonblocking(int fd);
/// Asks for a bigger buffer; a system that refuses leaves the pipe as it is.
void try_grow_pipe(int fd, std::size_t bytes);
[[nodiscard]] Result<Fd> dup_fd(int fd);
/// Whether both are open on one file, pipe or terminal.
[[nodiscard]] bool is_same_file(int a, int b);
/// /dev/null: empty to read from, and what is written is discarded.
[[nodiscard]] Result<Fd> open_null(Access access);

} // namespace perch::sys
