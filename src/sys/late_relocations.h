#pragma once
// A position-independent executable has its constant data that holds addresses written to when it
// is loaded. Most of that data (600 KiB, 150 page faults, a fifth of the whole time of a small run)
// is that of the engine and of the HTTP client, and most runs need neither. So
// tools/late_relocations takes these places out of what the system's loader relocates, and this
// applies them before the first use.

#include <cstdint>

namespace perch::sys {

enum class LatePart : std::uint8_t {
  Engine, ///< Wasmtime
  Http,   ///< libcurl and OpenSSL, but for the digest functions of sys/digest.h
};

/// Makes a part of the engine library usable: call it before the first call into it. Cheap when
/// repeated; safe from several threads. In an executable that the tool did not treat, it does
/// nothing.
void relocate_late(LatePart part);

} // namespace perch::sys
