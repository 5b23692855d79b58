#include "base/text.h"
#include "base/unicode.h"
#include "diag/diag.h"

#include <algorithm>
#include <cstddef>

namespace perch::diag {

namespace {

using base::cat;

constexpr std::size_t kMaxCells = 120;     // of a drawn source line
constexpr std::size_t kLongestText = 8192; // of a message, a note or a help
constexpr std::size_t kCellsBefore = 40;   // kept in front of the span when a line is cut
constexpr std::size_t kWindowBytes = 1024; // looked at on either side of the span's begin
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

// What a message quotes may have megabytes: its beginning tells which it was.
std::string shortened(std::string_view text) {
  if (text.size() <= kLongestText)
    return std::string(text);
  std::size_t end = kLongestText;
  while (end > kLongestText - 4 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
    --end;
  return cat(text.substr(0, end), "… (", text.size(), " bytes)");
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

// Draws the cells [first, last) of `line`.
std::string draw_cells(std::string_view line, std::size_t first, std::size_t last) {
  std::string out;
  for (std::size_t cell = 0; !line.empty();) {
    const Drawn next = draw_one(line);
    if (cell + next.cells > last)
      break;
    if (cell >= first)
      out += next.text;
    else if (cell + next.cells > first)
      out.append(cell + next.cells - first, ' '); // a wide character lost its first half
    cell += next.cells;
    line.remove_prefix(next.bytes);
  }
  return out;
}

// The part of a line that may be drawn, so that the length of a line costs nothing: some bytes
// around the span, cut between characters.
struct Window {
  std::string_view text;
  std::size_t begin; // of the span, in `text`
  std::size_t end;
  bool cut_left;
  bool cut_right;
};

Window window_of(std::string_view line, std::size_t begin, std::size_t end) {
  const auto continues = [&](std::size_t at) {
    return at < line.size() && (static_cast<unsigned char>(line[at]) & 0xC0) == 0x80;
  };
  begin = std::min(begin, line.size());
  end = std::clamp(end, begin, line.size());
  std::size_t left = begin - std::min(begin, kWindowBytes);
  while (left > 0 && left < begin && continues(left))
    ++left;
  std::size_t right = std::min(line.size(), begin + kWindowBytes);
  while (right < line.size() && continues(right))
    ++right;
  return {.text = line.substr(left, right - left),
          .begin = begin - left,
          .end = std::min(end, right) - left,
          .cut_left = left > 0,
          .cut_right = right < line.size()};
}

// `begin` and `end` are byte offsets in `line`. A line that is too long loses its ends; one cell
// of the width goes to each ellipsis.
Excerpt draw_line(std::string_view line, std::size_t begin, std::size_t end) {
  const Window window = window_of(line, begin, end);
  const std::size_t indent = cells_of(window.text.substr(0, window.begin));
  const std::size_t length = cells_of(window.text.substr(window.begin, window.end - window.begin));
  const std::size_t total = indent + length + cells_of(window.text.substr(window.end));
  const bool fits = total <= kMaxCells && !window.cut_left && !window.cut_right;
  std::size_t first = 0;
  std::size_t last = fits ? total : std::min(total, kMaxCells - 1);
  bool left = window.cut_left;
  if (!fits && indent > kCellsBefore && (left || indent + length > last)) {
    left = true;
    first = indent - kCellsBefore;
    if (!window.cut_right)
      first = std::min(first, total - std::min(total, kMaxCells - 1));
    last = std::min(first + kMaxCells - 2, total);
    if (!window.cut_right && last + 1 == total)
      last = total;
  }
  const bool right = window.cut_right || last < total;
  const std::size_t shown = last > indent ? std::min(length, last - indent) : 0;
  return {.text = cat(left ? kEllipsis : "", draw_cells(window.text, first, last),
                      right ? kEllipsis : ""),
          .indent = indent - first + (left ? 1 : 0),
          .length = std::max<std::size_t>(shown, 1)};
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
    paint(cat(": ", clean(shortened(diag_.message))), kBold);
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
    const std::string whole = shortened(text);
    for (const std::string_view line : base::split(whole, '\n')) {
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
