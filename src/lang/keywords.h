#pragma once
// Every word the grammar knows, where it may stand and what it looks like there. Error messages,
// docs/GRAMMAR.md and editors read these tables; nothing repeats them.

#include <cstdint>
#include <span>
#include <string_view>

namespace perch::lang {

inline constexpr std::uint8_t kAnyNumber = 0xff;

/// A keyword and the shape of its line.
struct Keyword {
  std::string_view word;
  std::string_view form;      ///< as a user writes it: "timeout DURATION"
  std::uint8_t min_words = 0; ///< behind the keyword, named options included
  std::uint8_t max_words = 0; ///< positional words only
  bool options = false;       ///< takes `key=value` and `key:value`
  bool program = false;       ///< is also the name of a program people have
};

/// Where a line stands.
enum class Region : std::uint8_t {
  File = 1,
  Requires = 2,
  Bundle = 4,
  Hooks = 8,
  Command = 16,
  Template = 32,
  Catch = 64,
  Arg = 128,
};

/// A keyword outside bodies, and the regions it belongs to.
struct Setting {
  Keyword shape;
  std::uint8_t regions; ///< a set of Region
  [[nodiscard]] bool in(Region region) const {
    return (regions & static_cast<std::uint8_t>(region)) != 0;
  }
};

/// `if`, `for_each`, `else`, `end`, …: what opens, divides and closes blocks in a body.
[[nodiscard]] std::span<const Keyword> block_keywords();
/// `wasm_arg`, `wasm_env`, …: what may stand in a `wasm_run` block.
[[nodiscard]] std::span<const Keyword> wasm_keywords();
/// `name`, `requires`, `bin`, `command`, `description`, `type`, …
[[nodiscard]] std::span<const Setting> settings();

/// The entry of `word`, or null; of a setting that has several, the first or the one of `region`.
[[nodiscard]] const Keyword* find_block_keyword(std::string_view word);
[[nodiscard]] const Keyword* find_wasm_keyword(std::string_view word);
[[nodiscard]] const Setting* find_setting(std::string_view word);
[[nodiscard]] const Setting* find_setting(std::string_view word, Region region);

/// A region as messages call it: "a command", "`requires`", …
[[nodiscard]] std::string_view name_of(Region region);

/// What people who come from other languages write for something of ours; empty if nothing.
[[nodiscard]] std::string_view replacement_for_foreign(std::string_view word);
/// `+`, `-`, `*`, `/`, `%`: nothing is calculated here.
[[nodiscard]] bool is_arithmetic(std::string_view word);

} // namespace perch::lang
