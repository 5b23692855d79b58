#pragma once
// The command line: reads argv, builds the real world, wires it, and returns an exit status.

namespace perch::cli {

/// Runs perch as the process it is. The only caller is main().
/// Lifetime: `environ` must not change while this runs.
int run(int argc, char** argv, char** environ);

} // namespace perch::cli
