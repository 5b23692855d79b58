#pragma once
// What a program can ever ask for, read off its text: every request of every statement, and which
// statements reach which. The proof of `--check`, `perch scan` and `--restrictions` read it.

#include "op/op_decl.h"
#include "program/program.h"

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace perch::scan {

/// One request that a statement can make.
struct Ask {
  op::Cap cap = op::Cap::None;
  std::string_view by; ///< "write_file", "exec", "wasm_run", "with_cwd", "dir", "${…}"
  diag::Span span;     ///< of the word it is about, else of the statement
  diag::Span head;     ///< of the statement
  enum class Known : std::uint8_t {
    Literal,  ///< written out
    Computed, ///< certain all the same: made of `script_dir` and of bindings that are certain
    Dynamic,  ///< known when it runs
    Class,    ///< about the whole class: `find_free_port` needs the network
  };
  Known known = Known::Dynamic;
  /// Literal and Computed: Exec: the name, path or shell text; Read, Write: the path as written;
  /// Net: the host in normal form; Env: the name; Wasm: the module's path or alias. Else the text
  /// as written,
  /// `${…}` and all.
  std::string subject;
  int port = 0;                      ///< Net; 0: none known
  bool shell = false;                ///< Exec: `subject` is shell text
  bool guest = false;                ///< made by a wasm_run block
  bool pattern = false;              ///< Net of a guest: `subject` is a host pattern it may ask for
  bool guarded = false;              ///< a `rescue` around it handles its failure
  bool lazy = false;                 ///< in a file binding: made once, where it is first used
  const program::Bin* bin = nullptr; ///< Exec: what the head is bound to
  const op::OpDecl* op = nullptr;    ///< null: a statement of the language
  const program::Module* module = nullptr;

  [[nodiscard]] bool certain() const { return known == Known::Literal || known == Known::Computed; }
};

/// A call of a command that a statement makes, or a hook that it sets off.
struct Edge {
  const program::Command* to = nullptr;
  diag::Span span;
  bool guarded = false;
  bool by_hook = false; ///< not followed inside of a hook's handler
};

/// The body of a command, or of a sandbox block in it.
struct Region {
  const program::Command* command = nullptr;
  const program::SandboxNode* sandbox = nullptr; ///< null: the whole command
  std::size_t outer = 0;                         ///< of a sandbox: the region it stands in
  bool guarded = false;                          ///< of a sandbox: as Ask
  std::vector<Ask> asks;
  std::vector<Edge> edges;
  std::vector<std::size_t> inner; ///< sandboxes in it
};

struct Survey {
  std::vector<Region> regions; ///< commands in their order, each followed by its sandboxes
  std::unordered_map<const program::Command*, std::size_t> by_command;
  /// Variables the program sets itself somewhere (`env`, with_env, set_env): asking for one is no
  /// request then.
  std::set<std::string_view> own_variables;
  bool any_own_variable = false;  ///< some of them have names known only at run time
  bool changes_directory = false; ///< `cd`, with_cwd or `dir` stands somewhere
};

/// Lifetime: views into the program.
[[nodiscard]] Survey survey(const program::Program& program);

} // namespace perch::scan
