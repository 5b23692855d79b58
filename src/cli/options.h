#pragma once
// What argv says. Perch's own flags stand before the command; everything after it is the command's.

#include "base/result.h"
#include "lane/lane.h"
#include "policy/layers.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace perch::cli {

/// What perch is asked to do; each but Run is one file of this folder.
enum class Verb : std::uint8_t {
  Run,     ///< a command of the file, its `main`, or the listing
  Usage,   ///< `perch` alone
  Help,    ///< --help: the file's commands; with a word: that command or topic
  Version, ///< --version
  Check,   ///< --check
  List,    ///< --list
  Dump,    ///< --dump=tokens|ast
  Format,  ///< fmt
  Test,    ///< test
  RunTest, ///< hidden: one test command, in the process made for it
  Init,    ///< --init
  Completions,
  Complete,     ///< hidden: what completion scripts ask
  Cache,        ///< cache info|clear
  Warm,         ///< warm
  Ops,          ///< the op reference
  Audit,        ///< audit verify FILE
  Scan,         ///< scan: what the file can ask for
  Learn,        ///< learn: the least `requires` block of a run
  Doctor,       ///< doctor: what this machine can enforce
  Restrictions, ///< --restrictions: the layers in force and what they leave
};

enum class When : std::uint8_t { Auto, Always, Never };

struct Options {
  Verb verb = Verb::Run;
  bool verb_by_word = false;           ///< `perch scan`: a command of that name in the file wins
  std::string file;                    ///< -f; empty: look for the default file
  std::string command;                 ///< empty: none was given
  std::vector<std::string> words;      ///< everything after the command
  std::vector<std::string> flag_words; ///< perch's own flags as typed, without those
                                       ///< that name the file, or files for its readers
  When color = When::Auto;
  bool json = false;
  bool quiet = false;
  std::string dump; ///< tokens, ast

  // seeing what runs: empty text is stderr, `-` stdout
  std::optional<std::string> trace, report;
  std::optional<std::string> audit; ///< a file, or `-`

  // the run
  policy::FlagRules rules;
  bool trust_stdin = false;
  bool dry_run = false;
  bool ask = false;
  std::optional<std::int64_t> max_runtime_ns;
  bool no_cache = false;
  lane::WasmOptions::Tier wasm_tier = lane::WasmOptions::Tier::Auto;
  std::uint64_t max_wasm_memory = 0;
  std::vector<std::string> wasm_pins; ///< --accept-wasm-hash, hex
  bool require_kernel_wall = false;
  bool confine_off = false;
  bool allow_private_ips = false;
  bool allow_scheme_downgrade = false;
  bool allow_proxy = false;
  int max_redirects = 5;
};

/// One of perch's own flags. The parser, `--help`, completions and the manual read this table.
struct Flag {
  enum class Value : std::uint8_t {
    None,
    Required, ///< `--env A,B` or `--env=A,B`
    Optional, ///< `--trace` or `--trace=FILE`
  };
  std::string_view name;       ///< with its dashes
  std::string_view short_name; ///< or empty
  Value value = Value::None;
  std::string_view shape; ///< placeholder in help: FILE, N, A,B
  std::string_view group;
  std::string_view help;
  Status (*apply)(Options& options, std::string_view value) = nullptr;
};

[[nodiscard]] std::span<const Flag> flags();

/// Their names without dashes, for messages about a flag that stands in the wrong place.
[[nodiscard]] std::span<const std::string_view> own_flag_names();

/// Words that name a verb where a command could stand: `perch fmt`. Hidden ones have no help.
struct VerbWord {
  std::string_view word;
  Verb verb;
  std::string_view help;
  bool always; ///< wins over a command of the file with this name
};
[[nodiscard]] std::span<const VerbWord> verb_words();

/// Reads argv (without argv[0]). `is_file` tells whether a path names an existing non-directory.
/// Errors: bad_argument with the nearest flag or what the flag's value must be.
[[nodiscard]] Result<Options> parse_options(std::span<const std::string_view> argv,
                                            bool (*is_file)(std::string_view path));

} // namespace perch::cli
