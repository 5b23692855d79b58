#pragma once
// Signals that perch sends to itself.

namespace perch::sys {

/// As if signal `number` had come to this process: it has been handled when this returns.
void signal_self(int number);

} // namespace perch::sys
