#pragma once
// Source texts and positions in them. A text is loaded once and lives as long as its SourceMap.

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace perch::diag {

/// Bytes [begin, end) of source number `source`.
struct Span {
  static constexpr std::uint32_t kNoSource = 0xffffffff;
  std::uint32_t source = kNoSource;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  [[nodiscard]] bool known() const { return source != kNoSource; }
  friend bool operator==(const Span&, const Span&) = default;
};

/// The smallest span that covers both (of one source).
[[nodiscard]] Span join(Span a, Span b);

/// One file: its path as the user wrote it, and its bytes.
struct Source {
  std::uint32_t id = 0;
  std::string path;
  std::string text;
  std::vector<std::uint32_t> line_starts; ///< where each line begins; filled by SourceMap::add
};

/// 1-based line and column; a column counts code points, a tab is one.
struct Position {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
};

/// Owns every Source of a process; ids are indices. Sources stay where they are while others are
/// added. Not thread-safe while adding; everything else is.
class SourceMap {
public:
  /// `text` is shorter than 4 GiB (positions are 32 bits); the lexer refuses far shorter ones.
  const Source& add(std::string path, std::string text);
  [[nodiscard]] const Source& get(std::uint32_t id) const { return sources_[id]; }
  [[nodiscard]] std::size_t size() const { return sources_.size(); }
  [[nodiscard]] Position position(Span span) const;
  /// The bytes of line `line` (1-based) without its line end.
  [[nodiscard]] std::string_view line(std::uint32_t source, std::uint32_t line) const;
  /// The bytes a span covers.
  [[nodiscard]] std::string_view text(Span span) const;
  /// `deploy.perch:31`
  [[nodiscard]] std::string file_line(Span span) const;

private:
  std::deque<Source> sources_;
};

} // namespace perch::diag
