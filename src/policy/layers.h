#pragma once
// Makes layers from what users write. Roots and paths are made absolute here by joining; run/ pins
// them to real paths before a layer is pushed (run/gate_layers.h).

#include "base/result.h"
#include "policy/policy.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace perch::policy {

/// The command line's flags that restrict, and those that open what a script from stdin is denied.
/// A list that is present and empty allows nothing.
struct FlagRules {
  using List = std::optional<std::vector<std::string>>;

  bool no_shell = false;           ///< --no-shell
  bool no_subprocess = false;      ///< --no-subprocess
  bool no_network = false;         ///< --no-network
  bool no_write = false;           ///< --no-write
  bool no_read = false;            ///< --no-read
  bool no_env = false;             ///< --no-env
  bool no_wasm = false;            ///< --no-wasm
  bool no_shell_metachars = false; ///< --no-shell-metachars

  List env;              ///< --env A,B
  List allow_bin;        ///< --allow-bin A,B
  List allow_host;       ///< --allow-host A,B
  List allow_read_path;  ///< --allow-read-path ROOT
  List allow_write_path; ///< --allow-write-path ROOT

  // Scripts from stdin only.
  bool allow_shell = false;      ///< --allow-shell; a shell starts processes: opens those too
  bool allow_subprocess = false; ///< --allow-subprocess
  bool allow_network = false;    ///< --allow-network
  bool allow_write = false;      ///< --allow-write
  bool allow_read = false;       ///< --allow-read
  bool allow_wasm = false;       ///< --allow-wasm

  bool allow_child_network = false; ///< --allow-child-network
  std::string directory;            ///< absolute; relative roots and paths start here
};

/// One layer per flag, so that a denial can name it. Errors: bad_argument for an entry that can
/// match nothing (an empty name, a host pattern with a scheme, …), naming the flag.
[[nodiscard]] Result<std::vector<Layer>> flag_layers(const FlagRules& rules);

/// What a `test` command is held to unless it says otherwise: what `rules` closes, as layers that
/// name the test's own statements as the way out. Errors: as flag_layers.
[[nodiscard]] Result<std::vector<Layer>> test_layers(const FlagRules& rules);

/// The layer below everything for a script from stdin: only what `allow_*`, `env` and the list
/// flags open. Errors: as flag_layers.
[[nodiscard]] Result<Layer> stdin_layer(const FlagRules& rules);

/// What a file's `requires` blocks declare, bundled over blocks and imports.
struct RequiresRules {
  std::vector<std::string> bins; ///< names, or paths: relative ones start at `directory`
  std::vector<std::string> envs, hosts, read_roots, write_roots;
  bool confine = false;  ///< the line `confine`: the roots hold for child processes too
  std::string directory; ///< absolute; of the declaring file
  std::string origin;    ///< "requires (deploy.perch:4)"
  diag::Span span;
};

/// Errors: bad_argument as above.
[[nodiscard]] Result<Layer> requires_layer(const RequiresRules& rules);

/// The layer of a `sandbox` block from its words, each one flag or several joined by commas:
/// no_shell no_subprocess no_network no_write no_read no_env no_wasm, read=ROOT write=ROOT
/// host=PATTERN env=NAME bin=NAME. Relative roots and paths start at `directory` (absolute).
/// Errors: bad_argument naming the unknown flag and the nearest known one, an empty list, or a
/// flag and a list that contradict each other.
[[nodiscard]] Result<Layer> sandbox_layer(std::span<const std::string> words,
                                          std::string_view directory, std::string origin);

} // namespace perch::policy
