#pragma once
// The verbs: what `perch` can be asked to do. Each returns the process's exit status and has said
// on stderr whatever went wrong.

#include "cli/context.h"

#include <string>
#include <string_view>
#include <vector>

namespace perch::cli {

/// The first word of a perch that compiles one module for another; users never type it.
inline constexpr std::string_view kCompilerWord = "__wasm-compile";
/// The command line that starts one, for lane::WasmOptions.
[[nodiscard]] std::vector<std::string> compiler_program(); ///< cli.cc

int run_command(const Context& context);  ///< run_command.cc
int usage(const Context& context);        ///< help.cc
int help(const Context& context);         ///< help.cc
int version(const Context& context);      ///< help.cc
int check(const Context& context);        ///< check.cc
int list(const Context& context);         ///< list.cc
int dump(const Context& context);         ///< dump.cc
int format(const Context& context);       ///< format.cc
int test(const Context& context);         ///< test.cc
int run_test(const Context& context);     ///< run_command.cc: one test, in its own process
int init(const Context& context);         ///< init.cc
int completions(const Context& context);  ///< completions.cc
int complete(const Context& context);     ///< completions.cc: what the scripts ask
int cache(const Context& context);        ///< cache.cc
int warm(const Context& context);         ///< warm.cc
int ops(const Context& context);          ///< ops.cc
int scan(const Context& context);         ///< scan.cc
int learn(const Context& context);        ///< learn.cc
int doctor(const Context& context);       ///< doctor.cc
int restrictions(const Context& context); ///< restrictions.cc
int audit(const Context& context);        ///< audit.cc
int build(const Context& context);        ///< build.cc
int inspect(const Context& context);      ///< inspect.cc

} // namespace perch::cli
