#include "base/error_kinds.h"
#include "base/text.h"
#include "policy/entries.h"
#include "policy/layers.h"

#include <algorithm>
#include <array>
#include <optional>

namespace perch::policy {
namespace {

using base::cat;
using op::Cap;
using Mode = Rule::Mode;

struct Word {
  std::string_view text;
  Cap cap;
};

constexpr Word kClosing[] = {{"no_subprocess", Cap::Exec}, {"no_network", Cap::Net},
                             {"no_write", Cap::Write},     {"no_read", Cap::Read},
                             {"no_env", Cap::Env},         {"no_wasm", Cap::Wasm}};
constexpr Word kNarrowing[] = {{"read", Cap::Read},
                               {"write", Cap::Write},
                               {"host", Cap::Net},
                               {"env", Cap::Env},
                               {"bin", Cap::Exec}};

std::optional<Cap> find(std::span<const Word> words, std::string_view text) {
  const auto found = std::ranges::find(words, text, &Word::text);
  return found == words.end() ? std::nullopt : std::optional(found->cap);
}

std::unexpected<Error> unknown_flag(std::string_view flag) {
  static constexpr std::string_view kKnown[] = {
      "no_shell", "no_subprocess", "no_network", "no_write", "no_read", "no_env",
      "no_wasm",  "read=",         "write=",     "host=",    "env=",    "bin="};
  const std::string_view name = flag.substr(0, flag.find('='));
  // `read` is as far from `read=` as a typing error would be: compare without the `=`.
  std::vector<std::string_view> names;
  for (const std::string_view known : kKnown)
    names.push_back(known.substr(0, known.find('=')));
  std::string help = "the flags are no_shell, no_subprocess, no_network, no_write, no_read, "
                     "no_env, no_wasm, read=PATH, write=PATH, host=PATTERN, env=NAME, bin=NAME";
  if (const auto near = base::nearest(name, names)) {
    const auto at = std::ranges::find(names, *near) - names.begin();
    help = cat("did you mean `", kKnown[static_cast<std::size_t>(at)], "`?");
  }
  return fail(kind::kBadArgument, cat("unknown sandbox flag `", flag, '`'), std::string(flag),
              std::move(help));
}

Status close(Layer& layer, std::string_view flag, Cap cap) {
  Rule& rule = layer.rule(cap);
  if (rule.mode == Mode::Only) {
    return fail(kind::kBadArgument, cat("`", flag, "` contradicts the list before it"),
                std::string(flag), cat("keep one of `", flag, "` and the list"));
  }
  rule.mode = Mode::None;
  return {};
}

Status narrow(Layer& layer, std::string_view flag, Cap cap, std::string_view directory) {
  const std::size_t equals = flag.find('=');
  Rule& rule = layer.rule(cap);
  if (rule.mode == Mode::None) {
    return fail(kind::kBadArgument,
                cat("`", flag, "` contradicts the flag before it that allows none"),
                std::string(flag), "keep one of the two");
  }
  const std::string value(flag.substr(equals + 1));
  PERCH_TRY_ASSIGN(const std::vector<std::string> more,
                   entries(cap, std::span(&value, 1), directory, flag));
  rule.mode = Mode::Only;
  rule.allowed.insert(rule.allowed.end(), more.begin(), more.end());
  if (cap == Cap::Net)
    layer.child_network = false;
  return {};
}

Status apply(Layer& layer, std::string_view flag, std::string_view directory) {
  if (flag == "no_shell") {
    layer.shell_allowed = false;
    return {};
  }
  if (const auto cap = find(kClosing, flag))
    return close(layer, flag, *cap);
  const std::size_t equals = flag.find('=');
  if (equals != std::string_view::npos) {
    if (const auto cap = find(kNarrowing, flag.substr(0, equals))) {
      return narrow(layer, flag, *cap, directory);
    }
  }
  return unknown_flag(flag);
}

} // namespace

Result<Layer> sandbox_layer(std::span<const std::string> words, std::string_view directory,
                            std::string origin) {
  Layer out{
      .origin = std::move(origin), .source = Layer::Source::Sandbox, .confine_children = true};
  std::size_t flags = 0;
  for (const std::string& word : words) {
    for (const std::string_view piece : base::split(word, ',')) {
      const std::string_view flag = base::trim(piece);
      if (flag.empty())
        continue;
      PERCH_TRY(apply(out, flag, directory));
      ++flags;
    }
  }
  if (flags == 0) {
    return fail(kind::kBadArgument, "this sandbox forbids nothing: it has no flags", {},
                "write for example: sandbox \"no_network,no_write\"");
  }
  return out;
}

} // namespace perch::policy
