// Runs the example of every op. Examples are bodies of commands; what they use of the language is
// little, and read here by a few lines: quotes, `${name}`, bare names, `name = op …`, `option:…`
// and one `try`. What needs the world beyond the double is listed, and must be exactly that.

#include "base/text.h"
#include "op_fixture.h"

#include <algorithm>
#include <set>

namespace perch::ops {
namespace {

struct Word {
  std::string text;
  bool bare = true; ///< no quotes in it: may be a binding's name
};

class Example {
public:
  Example(const op::OpTable& table, test::FakeWorld& world) : table_(table), world_(world) {}

  /// Runs a body; the first failure outside `try` is returned.
  Status run(std::string_view body) {
    const auto lines = base::split(body, '\n');
    if (lines.front() == "try")
      return run_try(std::span(lines).subspan(1));
    for (const auto line : lines)
      PERCH_TRY(run_line(line));
    return {};
  }

private:
  Status run_try(std::span<const std::string_view> lines) {
    const auto rescue = std::ranges::find(lines, "rescue");
    Status outcome;
    for (auto line = lines.begin(); line != rescue && outcome; ++line)
      outcome = run_line(*line);
    EXPECT_FALSE(outcome) << "an example with `rescue` shows a failure";
    bindings_["err.kind"] = op::Value(std::string(outcome.error().kind));
    bindings_["err.message"] = op::Value(outcome.error().message);
    for (auto line = rescue + 1; line != lines.end() && *line != "end"; ++line)
      PERCH_TRY(run_line(*line));
    return {};
  }

  std::string interpolated(std::string_view text) {
    std::string out;
    while (true) {
      const auto open = text.find("${");
      out += text.substr(0, open);
      if (open == std::string_view::npos)
        return out;
      const auto close = text.find('}', open);
      out += bindings_.at(std::string(text.substr(open + 2, close - open - 2))).text();
      text.remove_prefix(close + 1);
    }
  }

  static std::string unescaped(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\\' && i + 1 < text.size())
        out += text[++i] == 'n' ? '\n' : text[i];
      else
        out += text[i];
    }
    return out;
  }

  /// The words of a line up to its comment.
  std::vector<Word> words_of(std::string_view line) {
    std::vector<Word> words;
    bool open = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
      const char c = line[i];
      if (c == ' ') {
        open = false;
        continue;
      }
      if (c == '#' && !open)
        break;
      if (!open)
        words.emplace_back();
      open = true;
      Word& word = words.back();
      if (c != '"' && c != '\'') {
        word.text += c;
        continue;
      }
      auto close = i + 1;
      while (line[close] != c)
        close += line[close] == '\\' ? 2 : 1;
      word.text += interpolated(unescaped(line.substr(i + 1, close - i - 1)));
      word.bare = false;
      i = close;
    }
    return words;
  }

  Arg argument(const op::OpDecl& decl, const Word& word) {
    const auto colon = word.text.find(':');
    const int index = decl.index_of(std::string_view(word.text).substr(0, colon));
    if (colon != std::string::npos && index >= 0 &&
        decl.params[static_cast<std::size_t>(index)].arity == op::Arity::Named)
      return {word.text.substr(0, colon), op::Value(word.text.substr(colon + 1))};
    const auto bound = bindings_.find(word.text);
    if (word.bare && decl.bare_names && bound != bindings_.end())
      return bound->second;
    return word.text;
  }

  Status run_line(std::string_view line) {
    auto words = words_of(line);
    std::string target;
    if (words.size() > 2 && words[1].bare && words[1].text == "=") {
      target = words[0].text;
      words.erase(words.begin(), words.begin() + 2);
    }
    const op::OpDecl* decl = table_.find(words[0].text);
    if (decl == nullptr)
      return fail(kind::kUnknownName, words[0].text);
    std::vector<Arg> args;
    for (const Word& word : std::span(words).subspan(1))
      args.push_back(argument(*decl, word));
    PERCH_TRY_ASSIGN(op::Value result, test::call_op(table_, world_, decl->name, args));
    const auto expected = line.find("  # => ");
    if (expected != std::string_view::npos) {
      EXPECT_EQ(result.text(), line.substr(expected + 7)) << line;
    }
    if (!target.empty())
      bindings_[target] = std::move(result);
    return {};
  }

  const op::OpTable& table_;
  test::FakeWorld& world_;
  std::map<std::string, op::Value> bindings_;
};

/// Their examples speak to servers, processes or a bundle.
const std::set<std::string_view> kNeedTheWorld = {
    "http_get", "http_post",  "http_put",    "http_delete",  "http_request",
    "download", "dns_lookup", "pkg_install", "bundle_hash",  "bundle_extract",
    "shell",    "shell_in",   "try_shell",   "shell_output", "shell_detached",
};

TEST(op_examples, run_and_give_what_they_say) {
  const op::OpTable table(tables());
  for (const auto family : tables()) {
    for (const op::OpDecl& decl : family) {
      SCOPED_TRACE(decl.example);
      test::FakeWorld world;
      world.programs = {{"echo $OVEN", {.output = "hot\n"}}};
      const auto outcome = Example(table, world).run(decl.example);
      const bool ran = outcome || outcome.error().kind == op::kExitKind;
      EXPECT_EQ(!ran, kNeedTheWorld.contains(decl.name))
          << decl.name << ": " << (ran ? "ran" : outcome.error().message);
    }
  }
}

TEST(op_examples, show_the_result_of_every_pure_op_that_has_one) {
  for (const auto family : tables()) {
    for (const op::OpDecl& decl : family) {
      const bool pure = decl.requests().empty() && decl.returns != op::Type::None;
      const bool fact = decl.family == op::Family::Host || decl.name == "now" ||
                        decl.name == "detect_pkg_mgr" || decl.family == op::Family::Bundle;
      EXPECT_TRUE(!pure || fact || decl.example.find("# => ") != std::string_view::npos)
          << decl.name;
    }
  }
}

} // namespace
} // namespace perch::ops
