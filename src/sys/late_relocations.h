#pragma once
// A position-independent executable has its constant data that holds addresses written to when it
// is loaded. Most of that data (600 KiB, 150 page faults, a fifth of the whole time of a small run)
// is the engine's, and most runs need no engine. So tools/late_relocations takes these places out
// of what the system's loader relocates, and this applies them before the first use.

namespace perch::sys {

/// Makes the engine library usable: call it before the first call into Wasmtime, libcurl or OpenSSL
/// (the digest functions of sys/digest.h need nothing that is relocated). Cheap when repeated; safe
/// from several threads. In an executable that the tool did not treat, it does nothing.
void relocate_engine();

} // namespace perch::sys
