// The condition of `if`: comparisons and calls joined by `not`, `and`, `or` and parentheses.

#include "base/text.h"
#include "lang/bare.h"
#include "lang/keywords.h"
#include "lang/parser.h"

#include <algorithm>
#include <array>

namespace perch::lang {

namespace {

using base::cat;

struct BadCondition {
  static constexpr std::string_view id = "bad-condition";
  std::string problem;
  std::string way_out;
  [[nodiscard]] std::string message() const { return problem; }
  [[nodiscard]] std::string help() const { return way_out; }
};

constexpr std::string_view kForms =
    "the forms are: NAME, LEFT == RIGHT, OP ARGUMENT …; joined by not, and, or, ( )";

struct CompareSign {
  std::string_view sign;
  CompareOp op;
};
constexpr std::array kCompareSigns = {
    CompareSign{"==", CompareOp::Eq}, CompareSign{"!=", CompareOp::Ne},
    CompareSign{"<", CompareOp::Lt},  CompareSign{"<=", CompareOp::Le},
    CompareSign{">", CompareOp::Gt},  CompareSign{">=", CompareOp::Ge},
};

std::optional<CompareOp> compare_op(const Word& word) {
  for (const CompareSign& entry : kCompareSigns) {
    if (word.is(entry.sign))
      return entry.op;
  }
  return std::nullopt;
}

// How many `)` at the end of a word have no `(` in it.
std::size_t unmatched_closers(std::string_view bare) {
  std::size_t open = 0;
  std::size_t unmatched = 0;
  for (const char c : bare) {
    if (c == '(')
      ++open;
    else if (c == ')')
      open > 0 ? --open : ++unmatched;
    if (c != ')')
      unmatched = 0;
  }
  return unmatched;
}

// A sign in a word that would join what stands around it if it stood alone; `comparing`, also one
// that would compare it.
std::string_view glued_sign(std::string_view bare, bool comparing) {
  for (const std::string_view sign : {"&&", "||", ";", "==", "!=", "<=", ">=", "<", ">", "="}) {
    const bool joins = sign == "&&" || sign == "||" || sign == ";";
    if ((joins || comparing) && bare.contains(sign))
      return sign;
  }
  return {};
}

// A sign of a comparison at the front or at the end of a word, if it has one.
std::string_view outer_sign(std::string_view bare, bool front) {
  for (const std::string_view sign : {"==", "!=", "<=", ">=", "=", "<", ">"}) {
    if (front ? bare.starts_with(sign) : bare.ends_with(sign))
      return sign;
  }
  return {};
}

bool is_bare_text(const Word& word) { return word.quote == Quote::None && word.plain(); }
bool is_arithmetic_word(const Word& word) { return is_bare_text(word) && is_arithmetic(word.text); }

// `-f` and its like in `[ -f x ]`, by what they ask.
bool is_shell_test(const Word& word) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return is_bare_text(word) && word.text.size() == 2 && word.text[0] == '-' && letter(word.text[1]);
}

// What to write for `-f OPERAND`.
std::string form_of_test(const Word& test, std::string_view operand) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kFiles = {
      {{"-f", "is_file"}, {"-d", "is_dir"}, {"-e", "exists"}}};
  for (const auto& [sign, op] : kFiles) {
    if (test.is(sign))
      return cat("write ", op, ' ', operand);
  }
  if (test.is("-n") || test.is("-z"))
    return cat("write NAME ", test.is("-z") ? "==" : "!=", " \"\"");
  return cat("write exists, is_file or is_dir; to ask the program: exec test ", test.text, ' ',
             operand);
}

// The name in `$NAME`, which is a value in a shell only.
std::string_view dollar_name(const Word& word) {
  if (!is_bare_text(word) || !word.text.starts_with('$') ||
      !base::is_identifier(word.text.substr(1)))
    return {};
  return word.text.substr(1);
}

// The name in `NAME(…)`: a call as other languages write it. Empty for other words.
std::string_view called_name(std::string_view raw, std::string_view bare) {
  const std::size_t opening = bare.find('(');
  const std::string_view name = raw.substr(0, opening == bare.npos ? 0 : opening);
  return base::is_identifier(name) ? name : std::string_view();
}

// What to write for `NAME(…)`, of which `raw` is the first word.
std::string call_form(std::string_view name, std::string_view raw) {
  const std::string_view inside = raw.substr(name.size() + 1);
  const bool one_argument = inside.size() > 1 && inside.ends_with(')') && !inside.contains(',');
  return cat("write ", name, ' ',
             one_argument ? inside.substr(0, inside.size() - 1) : std::string_view("ARGUMENT …"),
             ", or quote the word");
}

} // namespace

/// Splits the words of one condition and reads them; precedence is in the call order.
class Parser::ConditionReader {
public:
  ConditionReader(Parser& parser, Words words) : parser_(parser), words_(words) { split(); }

  const Cond* read() {
    if (!sound_)
      return nullptr;
    const Cond* cond = disjunction();
    if (cond != nullptr && at_ < tokens_.size()) {
      fail("this `)` closes nothing", "quote it to compare with it: \")\"", tokens_[at_].word.span);
      return nullptr;
    }
    return cond;
  }

private:
  enum class Kind : std::uint8_t { Open, Close, And, Or, Not, Word };
  /// A word of the condition, parentheses peeled off.
  struct Token {
    Kind kind;
    Word word;
  };

  // ---- words to tokens

  void split() {
    bool operand = true; // a parenthesis opens a group only where an operand may begin
    std::size_t open = 0;
    for (const Word& word : words_) {
      if (word.is("and") || word.is("or")) {
        push(word.is("and") ? Kind::And : Kind::Or, word);
        operand = true;
        continue;
      }
      Word rest = word;
      while (operand && rest.quote != Quote::Whole && parser_.raw(rest).starts_with('(')) {
        push(Kind::Open, piece(rest, 0));
        ++open;
        const std::size_t size = parser_.raw(rest).size();
        rest = size == 1 ? Word{} : parser_.piece_of(rest, 1, size);
      }
      if (!rest.span.known())
        continue;
      if (operand && rest.is("not")) {
        push(Kind::Not, rest);
        continue;
      }
      operand = false;
      push_operand(rest, open);
    }
    if (operators_ > kMaxConditionOperators)
      fail(cat("this condition has more than ", kMaxConditionOperators, " operators"),
           "split it over several commands", Parser::covering(words_));
  }

  // A word and the parentheses that it closes.
  void push_operand(const Word& word, std::size_t& open) {
    const std::size_t closers =
        word.quote == Quote::Whole ? 0 : unmatched_closers(bare_text(word, parser_.raw(word)));
    const std::size_t length = parser_.raw(word).size() - closers;
    if (closers == 0) {
      push(Kind::Word, word);
      return;
    }
    if (length > 0)
      push(Kind::Word, parser_.piece_of(word, 0, length));
    for (std::size_t i = 0; i < closers; ++i, open -= open > 0 ? 1 : 0)
      push(Kind::Close, piece(word, length + i));
  }

  static Word piece(const Word& word, std::size_t offset) {
    const auto begin = word.span.begin + static_cast<std::uint32_t>(offset);
    return {.span = {word.span.source, begin, begin + 1}};
  }

  void push(Kind kind, const Word& word) {
    operators_ += kind == Kind::Word || kind == Kind::Close ? 0 : 1;
    tokens_.push_back({kind, word});
  }

  // ---- tokens to tree; no deeper than kMaxConditionOperators

  [[nodiscard]] bool next_is(Kind kind) const {
    return at_ < tokens_.size() && tokens_[at_].kind == kind;
  }

  const Cond* disjunction() {
    const Cond* left = conjunction();
    while (left != nullptr && next_is(Kind::Or))
      left = joined(Cond::Kind::Or, left, [this] { return conjunction(); });
    return left;
  }

  const Cond* conjunction() {
    const Cond* left = negation();
    while (left != nullptr && next_is(Kind::And))
      left = joined(Cond::Kind::And, left, [this] { return negation(); });
    return left;
  }

  template <class Operand>
  const Cond* joined(Cond::Kind kind, const Cond* left, Operand operand) {
    ++at_;
    const Cond* right = operand();
    if (right == nullptr)
      return nullptr;
    return make(
        {.kind = kind, .span = diag::join(left->span, right->span), .left = left, .right = right});
  }

  const Cond* negation() {
    if (next_is(Kind::Not)) {
      const Span sign = tokens_[at_++].word.span;
      const Cond* inner = negation();
      if (inner == nullptr)
        return nullptr;
      return make({.kind = Cond::Kind::Not, .span = diag::join(sign, inner->span), .left = inner});
    }
    if (!next_is(Kind::Open))
      return simple();
    const Span opening = tokens_[at_++].word.span;
    const Cond* inner = disjunction();
    if (inner == nullptr)
      return nullptr;
    if (!next_is(Kind::Close))
      return fail("this `(` is not closed", "close it in the same line", opening);
    ++at_;
    return inner;
  }

  // A word, a comparison or a call.
  const Cond* simple() {
    std::vector<Word> words;
    for (; next_is(Kind::Word); ++at_)
      words.push_back(tokens_[at_].word);
    if (words.empty()) {
      const Span where = at_ < tokens_.size() ? tokens_[at_].word.span : tokens_.back().word.span;
      return fail("a part of this condition is missing", std::string(kForms), where);
    }
    if (const auto fault = shell_fault(words))
      return fail(fault->problem, fault->way_out, fault->where);
    const bool program = calls_program(words);
    // A foreign operator first: it explains the comparisons around it.
    for (const bool operators : {true, false}) {
      if (const auto fault = operators ? std::nullopt : opener_fault(words))
        return fail(fault->problem, fault->way_out, words.back().span);
      for (std::size_t i = 0; i < words.size(); ++i) {
        if (is_foreign_operator(words[i]) != operators || (program && is_of_program(words[i])))
          continue;
        if (const auto fault = fault_of(words, i))
          return fail(fault->problem, fault->way_out, words[i].span);
      }
    }
    if (const auto fault = called_fault(words))
      return fail(fault->problem, fault->way_out, words.front().span);
    // `if x==y`: a text that is always true, unless it is reported.
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (const auto fault = glued_fault(words, i))
        return fail(fault->problem, fault->way_out, words[i].span);
    }
    Cond out{.kind = words.size() == 1 ? Cond::Kind::Word : Cond::Kind::Call,
             .span = diag::join(words.front().span, words.back().span)};
    if (const auto op = words.size() == 3 ? compare_op(words[1]) : std::nullopt) {
      out.kind = Cond::Kind::Compare;
      out.op = *op;
      words.erase(words.begin() + 1);
    }
    out.words = parser_.arena_.copy(words);
    return make(out);
  }

  // `if exists("f")`, `if exists ("f")`: one more text that is always true.
  [[nodiscard]] std::optional<BadCondition> called_fault(const std::vector<Word>& words) const {
    const Word& head = words.front();
    if (head.quote == Quote::Whole)
      return std::nullopt;
    std::string raw(parser_.raw(head));
    std::string bare = bare_text(head, raw);
    if (words.size() == 2 && base::is_identifier(raw) && parser_.raw(words[1]).starts_with('(') &&
        words[1].quote != Quote::Whole) {
      raw += parser_.raw(words[1]);
      bare += bare_text(words[1], parser_.raw(words[1]));
    }
    const std::string_view name = called_name(raw, bare);
    if (name.empty())
      return std::nullopt;
    return BadCondition{cat("`", name, "(` calls nothing: words are separated by blanks"),
                        call_form(name, raw)};
  }

  [[nodiscard]] std::optional<BadCondition> glued_fault(const std::vector<Word>& words,
                                                        std::size_t i) const {
    const Word& word = words[i];
    if (word.quote == Quote::Whole)
      return std::nullopt;
    const std::string bare = bare_text(word, parser_.raw(word));
    std::string_view sign = glued_sign(bare, words.size() == 1);
    // `if x== 2`, `if x ==2`
    if (sign.empty() && words.size() == 2 && !words[0].is("exec"))
      sign = outer_sign(bare, i == 1);
    if (sign.empty())
      return std::nullopt;
    if (sign == "&&" || sign == "||" || sign == ";")
      return BadCondition{cat("`", sign, "` is no operator of a condition"),
                          "write and, or, not; to pass it on, quote the word"};
    return BadCondition{cat("`", sign, "` inside a word compares nothing"),
                        cat("write LEFT ", sign == "=" ? "==" : sign,
                            " RIGHT with blanks around the sign, or quote the word")};
  }

  // `exec test a = a`: signs are words of the program. `exec == "a"` compares a value of that name.
  static bool calls_program(const std::vector<Word>& words) {
    return words[0].is("exec") && words.size() > 1 && !(words.size() == 3 && compare_op(words[1]));
  }

  static bool is_of_program(const Word& word) {
    return compare_op(word) || word.is("=") || word.is("!");
  }

  struct ShellFault : BadCondition {
    Span where;
  };

  // What a shell would ask otherwise: `-f x`, `[ -f x ]`, `!exists x`, `$x == 2`.
  [[nodiscard]] std::optional<ShellFault> shell_fault(const std::vector<Word>& words) const {
    const Word& head = words.front();
    const bool bracket = head.is("[") && words.size() > 1;
    const std::size_t at = bracket ? 1 : 0;
    if (is_shell_test(words[at]) && words.size() > at + 1) {
      return ShellFault{{cat('`', parser_.raw(head), "` is no test of this language"),
                         form_of_test(words[at], parser_.raw(words[at + 1]))},
                        head.span};
    }
    if (bracket) {
      return ShellFault{{"`[` opens nothing here",
                         "write LEFT == RIGHT, or OP ARGUMENT …; to ask the program: exec [ …"},
                        head.span};
    }
    const std::string_view raw = parser_.raw(head);
    if (head.quote != Quote::Whole && raw.size() > 1 && raw[0] == '!' && raw[1] != '=') {
      return ShellFault{{"`!` is no operator of a condition", cat("write not ", raw.substr(1))},
                        head.span};
    }
    if (is_bare_text(head) && raw.size() > 1 && raw.ends_with(':') && words.size() > 1)
      return ShellFault{{"`:` opens no body", "the body starts on the next line"}, head.span};
    if (words.size() == 1 || (words.size() == 3 && compare_op(words[1]))) {
      for (const Word& word : {words.front(), words.back()}) {
        if (const std::string_view name = dollar_name(word); !name.empty()) {
          return ShellFault{{cat("`$", name, "` is a text here, and no value"),
                             cat("write ${", name, "}; to compare with the text, quote it")},
                            word.span};
        }
      }
    }
    return std::nullopt;
  }

  static bool is_foreign_operator(const Word& word) {
    return word.is("&&") || word.is("||") || word.is(";") || word.is("!");
  }

  // Why the word is a sign that must not be taken for text.
  static std::optional<BadCondition> fault_of(const std::vector<Word>& words, std::size_t i) {
    const Word& word = words[i];
    if (compare_op(word) && words.size() < 3)
      return BadCondition{cat("`", word.text, "` compares two words"), std::string(kForms)};
    if (compare_op(word) && words.size() > 3 && std::ranges::any_of(words, is_arithmetic_word))
      return BadCondition{"there is no arithmetic", "ask a program first: n = expr 5 % 2"};
    if (compare_op(word) && (words.size() > 3 || i != 1))
      return BadCondition{"only single words can be compared",
                          "capture the result of a call first: n = OP ARGUMENT"};
    if (word.is("="))
      return BadCondition{"`=` compares nothing", "write == to compare"};
    if (is_foreign_operator(word))
      return BadCondition{cat("`", word.text, "` is no operator of a condition"),
                          "write and, or, not"};
    return std::nullopt;
  }

  // `if x then`, `if x == "y":`: what opens a body in other languages.
  [[nodiscard]] std::optional<BadCondition> opener_fault(const std::vector<Word>& words) const {
    const Word& last = words.back();
    const bool alone = words.size() == 1;
    if (!alone && (last.is("then") || last.is("do") || last.is("{") || last.is(":")))
      return BadCondition{cat("`", last.text, "` is not needed here"),
                          "the body starts on the next line"};
    std::string_view raw = parser_.raw(last);
    if (last.quote == Quote::Whole || raw.size() < 2 || !raw.ends_with(':'))
      return std::nullopt;
    raw.remove_suffix(1);
    const bool compared = alone || (words.size() == 3 && compare_op(words[1]));
    const bool name = base::is_identifier(raw) && (alone || raw.size() > 1); // no drive `C:`
    const bool text = compared && (name || raw.back() == '}' || base::parse_float(raw));
    if (text || std::string_view("\"'`").contains(raw.back()))
      return BadCondition{"`:` opens no body", "the body starts on the next line"};
    return std::nullopt;
  }

  const Cond* make(const Cond& cond) { return parser_.arena_.make<Cond>(cond); }

  std::nullptr_t fail(std::string problem, std::string way_out, Span where) {
    sound_ = false;
    parser_.error(BadCondition{std::move(problem), std::move(way_out)}, where);
    return nullptr;
  }

  Parser& parser_;
  Words words_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  std::size_t operators_ = 0;
  bool sound_ = true;
};

// Null when it was reported as malformed.
const Cond* Parser::condition(Words words) { return ConditionReader(*this, words).read(); }

} // namespace perch::lang
