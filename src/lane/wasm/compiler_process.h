#pragma once
// perch as a compiler in a process of its own. What compiling costs is up to whoever wrote the
// module (a function with twenty thousand locals can be made to need any amount of memory), so the
// kernel bounds it, and what goes over the bound is that process and nothing else.

#include "sys/fd.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace perch::lane {

/// A file in memory with these bytes, to be read from its beginning. Nothing when there is no
/// memory for it.
[[nodiscard]] sys::Fd file_in_memory(std::string_view bytes);

/// Starts `program` (argv) with `words` added: in a session of its own, with these standard streams
/// (-1: nothing), no other descriptor, no environment, and the signals as they are for a new
/// program. 0, with errno, when it cannot be started.
struct CompilerStart {
  std::span<const std::string> program;
  std::vector<std::string> words;
  int in = -1, out = -1, err = -1;
};
[[nodiscard]] pid_t start_compiler(const CompilerStart& start);

/// What one compiler may take: a quarter of the machine's memory, and between 512 MiB and 4 GiB, or
/// less where the user's own limit says so.
[[nodiscard]] std::uint64_t compiler_memory_bytes();

/// Bounds memory and processor time of the calling process, for good, and lets it leave no core.
void bound_compiler();

} // namespace perch::lane
