#include "base/text.h"
#include "base/unicode.h"
#include "diag/diag.h"

#include <algorithm>
#include <cstddef>

namespace perch::diag {

namespace {

using base::cat;

constexpr std::size_t kMaxCells = 120;   // of a drawn source line
constexpr std::size_t kCellsBefore = 40; // kept in front of the span when a line is cut
constexpr std::string_view kTab = "    ";
constexpr std::string_view kEllipsis = "\u2026";
constexpr std::string_view kUnprintable = "\uFFFD";

struct Style {
  std::string_view start;
  std::string_view end;
};

constexpr Style kPlain{"", ""};
constexpr Style kBold{"\x1b[1m", "\x1b[0m"};
constexpr Style kBlue{"\x1b[1;34m", "\x1b[0m"};

Style style_of(Severity severity) {
  switch (severity) {
  case Severity::Error:
    return {"\x1b[1;31m", "\x1b[0m"};
  case Severity::Warning:
    return {"\x1b[1;33m", "\x1b[0m"};
  case Severity::Note:
    return {"\x1b[1;36m", "\x1b[0m"};
  }
  return kPlain;
}

std::string_view word_of(Severity severity) {
  switch (severity) {
  case Severity::Error:
    return "error";
  case Severity::Warning:
    return "warning";
  case Severity::Note:
    return "note";
  }
  return "";
}

// What a terminal shows for the code point at the front of `text`.
struct Drawn {
  std::string_view text;
  std::size_t cells;
  std::size_t bytes; // of the source
};

Drawn draw_one(std::string_view text) {
  const base::Decoded next = base::decode_utf8(text);
  if (next.code == '\t')
    return {kTab, kTab.size(), 1};
  if (!next.valid || next.code == '\r' || next.code == '\n' || base::is_deceptive(next.code)) {
    return {kUnprintable, 1, next.bytes};
  }
  return {text.substr(0, next.bytes), static_cast<std::size_t>(base::cell_width(next.code)),
          next.bytes};
}

// One line of text from anywhere, safe for a terminal.
std::string clean(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const Drawn next = draw_one(text);
    out += next.text;
    text.remove_prefix(next.bytes);
  }
  return out;
}

std::size_t cells_of(std::string_view text) {
  std::size_t cells = 0;
  while (!text.empty()) {
    const Drawn next = draw_one(text);
    cells += next.cells;
    text.remove_prefix(next.bytes);
  }
  return cells;
}

// A source line as drawn, and which of its cells are underlined.
struct Excerpt {
  std::string text;
  std::size_t indent = 0;
  std::size_t length = 1;
};

// Draws the cells [first, last) of `line`, with an ellipsis for each side that was cut.
std::string draw_cells(std::string_view line, std::size_t first, std::size_t last) {
  std::string out;
  std::size_t cell = 0;
  if (first > 0)
    out += kEllipsis;
  while (!line.empty()) {
    const Drawn next = draw_one(line);
    if (cell + next.cells > last)
      return out += kEllipsis;
    if (cell >= first) {
      out += next.text;
    } else if (cell + next.cells > first) {
      out.append(cell + next.cells - first, ' '); // a wide character lost its first half
    }
    cell += next.cells;
    line.remove_prefix(next.bytes);
  }
  return out;
}

// `begin` and `end` are byte offsets in `line`.
Excerpt draw_line(std::string_view line, std::size_t begin, std::size_t end) {
  begin = std::min(begin, line.size());
  end = std::clamp(end, begin, line.size());
  const std::size_t indent = cells_of(line.substr(0, begin));
  const std::size_t length = cells_of(line.substr(begin, end - begin));
  const std::size_t total = indent + length + cells_of(line.substr(end));
  Excerpt out{.text = {}, .indent = indent, .length = std::max<std::size_t>(length, 1)};
  if (total <= kMaxCells) {
    out.text = draw_cells(line, 0, total);
    return out;
  }
  // One cell of the width goes to each ellipsis.
  std::size_t first = 0;
  std::size_t last = kMaxCells - 1;
  if (indent + length > last && indent > kCellsBefore) {
    first = std::min(indent - kCellsBefore, total - (kMaxCells - 1));
    last = std::min(first + kMaxCells - 2, total);
    if (last + 1 == total)
      last = total;
    out.indent = indent - first + 1;
  }
  out.text = draw_cells(line, first, last);
  out.length = std::max<std::size_t>(std::min(length, last - indent), 1);
  return out;
}

class Renderer {
public:
  Renderer(const Diag& diag, const SourceMap& sources, Color color)
      : diag_(diag), sources_(sources), color_(color) {}

  std::string run() {
    gutter_ = gutter_width();
    headline();
    if (diag_.span.known()) {
      excerpt(diag_.span, "--> ", diag_.label, '^', style_of(diag_.severity));
    }
    for (const Related& place : diag_.related) {
      if (place.span.known())
        excerpt(place.span, "::: ", place.text, '-', kBlue);
    }
    for (const std::string& note : diag_.notes)
      footer("", note);
    if (!diag_.help.empty())
      footer("help: ", diag_.help);
    return std::move(out_);
  }

private:
  std::size_t gutter_width() const {
    std::size_t width = 2;
    const auto widen = [&](Span span) {
      if (span.known())
        width = std::max(width, cat(sources_.position(span).line).size());
    };
    widen(diag_.span);
    for (const Related& place : diag_.related)
      widen(place.span);
    return width;
  }

  void paint(std::string_view text, Style style) {
    if (color_ == Color::Off || text.empty())
      style = kPlain;
    out_ += style.start;
    out_ += text;
    out_ += style.end;
  }

  void headline() {
    paint(cat(word_of(diag_.severity), '[', diag_.id, ']'), style_of(diag_.severity));
    paint(cat(": ", clean(diag_.message)), kBold);
    out_ += '\n';
  }

  void gutter(std::string_view number) {
    paint(cat(std::string(gutter_ - number.size(), ' '), number, " |"), kBlue);
  }

  void excerpt(Span span, std::string_view arrow, std::string_view label, char mark, Style style) {
    const Position at = sources_.position(span);
    const Source& source = sources_.get(span.source);
    const std::string_view line = sources_.line(span.source, at.line);
    const std::uint32_t start = source.line_starts[at.line - 1];
    const Excerpt drawn = draw_line(line, span.begin - start, std::max(span.end, start) - start);

    paint(cat(std::string(gutter_, ' '), arrow), kBlue);
    out_ += cat(clean(source.path), ':', at.line, ':', at.column, '\n');
    gutter("");
    out_ += '\n';
    gutter(cat(at.line));
    if (!drawn.text.empty())
      out_ += cat(' ', drawn.text);
    out_ += '\n';
    gutter("");
    out_ += std::string(drawn.indent + 1, ' ');
    std::string underline(drawn.length, mark);
    if (!label.empty())
      underline += cat(' ', clean(label));
    paint(underline, style);
    out_ += '\n';
  }

  // `= help: text`; further lines of the text stand below its first.
  void footer(std::string_view title, std::string_view text) {
    const std::string indent(gutter_ + 1, ' ');
    bool first = true;
    for (const std::string_view line : base::split(text, '\n')) {
      out_ += indent;
      if (first) {
        paint("=", kBlue);
        out_ += ' ';
        paint(title, kBold);
      } else {
        out_ += std::string(2 + title.size(), ' ');
      }
      first = false;
      out_ += cat(clean(line), '\n');
    }
  }

  const Diag& diag_;
  const SourceMap& sources_;
  Color color_;
  std::size_t gutter_ = 2;
  std::string out_;
};

} // namespace

std::string render(const Diag& diag, const SourceMap& sources, Color color) {
  return Renderer(diag, sources, color).run();
}

} // namespace perch::diag
