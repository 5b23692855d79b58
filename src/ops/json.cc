// JSON documents as texts. The order of keys is kept, and 64-bit integers are exact.

#include "base/error_kinds.h"
#include "base/text.h"
#include "base/unicode.h"
#include "op/call.h"

#include <nlohmann/json.hpp>

namespace perch::ops {

using op::Arity;
using op::Call;
using op::OpDecl;
using op::Type;
using op::Value;

namespace {

using Json = nlohmann::ordered_json;

/// Writing a document recurses once per level.
constexpr int kMaxDepth = 1000;

bool is_too_deep(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      i += c == '\\' ? 1 : 0;
      quoted = c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMaxDepth)
        return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

/// The library throws; its exceptions end here.
Result<Json> parse(std::string_view text) {
  if (is_too_deep(text))
    return fail(kind::kBadArgument,
                base::cat("the JSON is nested deeper than ", kMaxDepth, " levels"));
  try {
    return Json::parse(text);
  } catch (const Json::exception& error) {
    std::string_view what = error.what();
    what.remove_prefix(std::min(what.find("] ") + 2, what.size()));
    return fail(kind::kBadArgument, base::cat("not JSON: ", what));
  }
}

/// Every string in a parsed document is well-formed UTF-8, so writing it cannot fail.
std::string compact(const Json& json) { return json.dump(); }

std::string element_text(const Json& json) {
  if (json.is_string())
    return json.get_ref<const std::string&>();
  return json.is_null() ? std::string() : compact(json);
}

Value to_value(const Json& json) {
  switch (json.type()) {
  case Json::value_t::null:
  case Json::value_t::discarded:
  case Json::value_t::binary:
    return Value();
  case Json::value_t::boolean:
    return Value::boolean(json.get<bool>());
  case Json::value_t::number_integer:
    return Value::integer(json.get<std::int64_t>());
  case Json::value_t::number_unsigned:
    return json.get<std::uint64_t>() <= INT64_MAX ? Value::integer(json.get<std::int64_t>())
                                                  : Value(compact(json));
  case Json::value_t::number_float:
    return Value::number(json.get<double>());
  case Json::value_t::string:
    return Value(json.get<std::string>());
  case Json::value_t::object:
    return Value::json(compact(json));
  case Json::value_t::array:
    break;
  }
  std::vector<std::string> items;
  items.reserve(json.size());
  for (const Json& element : json)
    items.push_back(element_text(element));
  return Value::list(std::move(items));
}

// ---- paths --------------------------------------------------------------------------------------

/// A step of a path. A pointer's step may be either, depending on where it is taken.
struct Step {
  std::string key;
  bool may_be_key = true;
  bool may_be_index = true;
};

using Steps = std::vector<Step>;

std::unexpected<Error> bad_path(std::string_view path, std::string_view why) {
  return fail(kind::kBadArgument, base::cat("`", path, "` is not a path into JSON: ", why),
              std::string(path), "write it as `a.b[0]` or as a JSON pointer, `/a/b/0`");
}

Result<Steps> parse_pointer(std::string_view path) {
  Steps steps;
  for (const auto part : base::split(path.substr(1), '/')) {
    std::string key;
    for (std::size_t i = 0; i < part.size(); ++i) {
      if (part[i] != '~') {
        key += part[i];
        continue;
      }
      const char code = ++i < part.size() ? part[i] : ' ';
      if (code != '0' && code != '1')
        return bad_path(path, "`~` is followed by 0 or 1");
      key += code == '0' ? '~' : '/';
    }
    steps.push_back({.key = std::move(key)});
  }
  return steps;
}

/// `name`, then any number of `[0]`.
Status parse_part(std::string_view path, std::string_view part, Steps& steps) {
  const auto bracket = part.find('[');
  const auto name = part.substr(0, bracket);
  const bool only_indices = steps.empty() && bracket == 0;
  if (name.empty() && !only_indices)
    return bad_path(path, "a name is missing");
  if (!name.empty())
    steps.push_back({.key = std::string(name), .may_be_index = false});
  part.remove_prefix(name.size());
  while (!part.empty()) {
    const auto end = part.find(']');
    if (part.front() != '[' || end == std::string_view::npos)
      return bad_path(path, "a bracket is not closed");
    const auto index = part.substr(1, end - 1);
    if (index.empty() || index.find_first_not_of("0123456789") != std::string_view::npos)
      return bad_path(path, "between brackets stands a number");
    steps.push_back({.key = std::string(index), .may_be_key = false});
    part.remove_prefix(end + 1);
  }
  return {};
}

Result<Steps> parse_path(std::string_view path) {
  if (path.empty())
    return Steps();
  if (path.starts_with('/'))
    return parse_pointer(path);
  Steps steps;
  for (const auto part : base::split(path, '.'))
    PERCH_TRY(parse_part(path, part, steps));
  return steps;
}

/// What stands at the end of the steps, or null.
const Json* find(const Json& document, const Steps& steps) {
  const Json* at = &document;
  for (const Step& step : steps) {
    if (at->is_object() && step.may_be_key) {
      const auto found = at->find(step.key);
      if (found == at->end())
        return nullptr;
      at = &*found;
      continue;
    }
    const auto index = base::parse_int(step.key);
    if (!at->is_array() || !step.may_be_index || !index || *index < 0 ||
        static_cast<std::uint64_t>(*index) >= at->size())
      return nullptr;
    at = &(*at)[static_cast<std::size_t>(*index)];
  }
  return at;
}

// ---- the ops ------------------------------------------------------------------------------------

Result<Value> json_get(Call& call) {
  PERCH_TRY_ASSIGN(const auto steps, parse_path(call.text(1)));
  PERCH_TRY_ASSIGN(const auto document, parse(call.text(0)));
  const Json* found = find(document, steps);
  if (found == nullptr || found->is_null())
    return Value(std::string(call.text(2)));
  return to_value(*found);
}

Result<Value> json_valid(Call& call) {
  const auto text = call.text(0);
  return Value::boolean(!is_too_deep(text) && Json::accept(text));
}

Result<Value> json_parse(Call& call) {
  PERCH_TRY_ASSIGN(const auto document, parse(call.text(0)));
  return Value::json(compact(document));
}

Result<Value> json_stringify(Call& call) {
  const auto text = call.text(0);
  const auto bad = base::find_ill_formed(text);
  if (bad != std::string_view::npos) {
    return fail(kind::kBadArgument, base::cat("the text is not UTF-8 at byte ", bad), {},
                "JSON holds UTF-8 only; encode other bytes with `base64_encode`");
  }
  return Value(compact(Json(text)));
}

constexpr OpDecl kTable[] = {
    {.name = "json_get",
     .family = op::Family::Encoding,
     .summary = "What a JSON document holds at a path; an array gives a list.",
     .params = {{{.name = "document", .type = Type::Any},
                 {.name = "path", .type = Type::Text, .about = "`a.b[0]`, or a pointer, `/a/b/0`"},
                 {.name = "default",
                  .type = Type::Any,
                  .arity = Arity::Optional,
                  .about = "when nothing or null is there"}}},
     .returns = Type::Any,
     .example = R"(name = json_get '{"jars": [{"name": "plums"}]}' "jars[0].name"  # => plums
size = json_get '{"jars": []}' "/jars/0/size" "small"  # => small)",
     .run = json_get},
    {.name = "json_valid",
     .family = op::Family::Encoding,
     .summary = "Whether the text is one JSON document.",
     .params = {{{.name = "text", .type = Type::Any}}},
     .returns = Type::Bool,
     .example = R"(yes = json_valid '{"jars": 3}'  # => true)",
     .run = json_valid},
    {.name = "json_parse",
     .family = op::Family::Encoding,
     .summary = "The document without blanks.",
     .params = {{{.name = "text", .type = Type::Any}}},
     .returns = Type::Json,
     .example = R"(doc = json_parse '{ "jars": 3 }'  # => {"jars":3})",
     .deprecated = "`json_valid` to test a document, `json_get` to read from it",
     .run = json_parse},
    {.name = "json_stringify",
     .family = op::Family::Encoding,
     .summary = "The text as a JSON string, in quotes.",
     .params = {{{.name = "text", .type = Type::Any}}},
     .returns = Type::Json,
     .example = R"(t = json_stringify 'say "jam"'  # => "say \"jam\"")",
     .run = json_stringify},
};

} // namespace

extern const std::span<const OpDecl> kJsonOps;
const std::span<const OpDecl> kJsonOps{kTable};

} // namespace perch::ops
