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
  Build,        ///< --build: one executable of the program and its files
  Inspect,      ///< inspect: what a built executable holds
};

enum class When : std::uint8_t { Auto, Always, Never };
enum class DryRun : std::uint8_t { No, Text, Json };

struct Options {
  Verb verb = Verb::Run;
  bool verb_by_word = false;           ///< `perch scan`: a command of that name in the file wins
  std::string file;                    ///< -f; empty: look for the default file
  std::string command;                 ///< empty: none was given
  std::vector<std::string> words;      ///< everything after the command
  std::vector<std::string> flag_words; ///< perch's own flags as typed, without those
                                       ///< that name the file, or files for its readers
  std::vector<std::string> kept_words; ///< of those, the ones a build keeps
  When color = When::Auto;
  bool json = false;
  bool quiet = false;
  std::string dump; ///< tokens, ast

  // seeing what runs: empty text is stderr, `-` stdout
  std::optional<std::string> trace, report;
  std::optional<std::string> audit; ///< a file, or `-`
  // --build
  std::string output; ///< -o
  std::vector<std::string> includes;
  bool force = false;
  bool build_strict = false;

  // the run
  policy::FlagRules rules;
  /// What flags said when the executable was built: layers of their own, so that flags of the run
  /// narrow them.
  std::optional<policy::FlagRules> built_rules;
  bool trust_stdin = false;
  DryRun dry_run = DryRun::No;
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
  std::optional<int> max_redirects; ///< none: what HttpRules says
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
  /// What the flag is in a built executable.
  enum class Built : std::uint8_t {
    Same,
    Missing, ///< speaks of files, building or standard input, which is perch's business
    Widens,  ///< may let more happen: refused by what was built with --build-strict
  };
  Built built = Built::Same;
};

/// Whether `--build` keeps the flag for every run of what it builds: all that bear on what may
/// happen do.
[[nodiscard]] bool is_kept_in_build(const Flag& flag);

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

/// The same for a built executable: what is a flag of perch before the command is perch's, and no
/// word but `help` is. `kept`: flags of the build. Errors: bad_argument.
[[nodiscard]] Result<Options> parse_built_options(std::span<const std::string_view> argv,
                                                  std::span<const std::string> kept, bool strict);

} // namespace perch::cli
