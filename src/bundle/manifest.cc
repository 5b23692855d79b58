#include "bundle/manifest.h"

#include "base/error_kinds.h"
#include "base/json.h"
#include "base/text.h"

#include <algorithm>

namespace perch::bundle {

namespace {

using base::cat;
using base::Json;

std::string octal(std::uint32_t mode) {
  std::string text = "0";
  for (int shift = 6; shift >= 0; shift -= 3)
    text += static_cast<char>('0' + (mode >> shift & 7));
  return text;
}

std::optional<std::uint32_t> parse_octal(std::string_view text) {
  if (text.size() != 4 || text.find_first_not_of("01234567") != text.npos)
    return std::nullopt;
  std::uint32_t mode = 0;
  for (const char c : text)
    mode = mode * 8 + static_cast<std::uint32_t>(c - '0');
  return mode <= 0777 ? std::optional(mode) : std::nullopt;
}

bool is_hex(std::string_view text, std::size_t digits) {
  return text.size() == digits && text.find_first_not_of("0123456789abcdef") == text.npos;
}

Json entry_json(const Entry& entry) {
  Json json = {{"name", entry.name},        {"sha256", entry.sha256}, {"size", entry.size},
               {"mode", octal(entry.mode)}, {"header", entry.header}, {"content", entry.content},
               {"packed", entry.packed},    {"stored", entry.stored}, {"frame", entry.frame}};
  if (!entry.xxh3.empty())
    json["xxh3"] = entry.xxh3;
  return json;
}

/// Reads members of an object; remembers when one is missing or has another type.
class Members {
public:
  explicit Members(const Json& json) : json_(json), sound_(json.is_object()) {}
  [[nodiscard]] bool sound() const { return sound_; }

  std::string text(const char* name) {
    const Json* at = member(name);
    if (at == nullptr || !at->is_string())
      return lack(std::string());
    return at->get<std::string>();
  }
  std::uint64_t number(const char* name) {
    const Json* at = member(name);
    if (at == nullptr || !at->is_number_unsigned())
      return lack(std::uint64_t{0});
    return at->get<std::uint64_t>();
  }
  bool truth(const char* name) {
    const Json* at = member(name);
    if (at == nullptr || !at->is_boolean())
      return lack(false);
    return at->get<bool>();
  }
  /// The member when it has this type; an empty value of the type when not.
  Json part(const char* name, Json::value_t type) {
    const Json* at = member(name);
    if (at == nullptr || at->type() != type)
      return lack(Json(type));
    return *at;
  }
  [[nodiscard]] bool has(const char* name) const { return sound_ && json_.contains(name); }

private:
  const Json* member(const char* name) {
    if (!json_.is_object())
      return nullptr;
    const auto at = json_.find(name);
    return at == json_.end() ? nullptr : &*at;
  }
  template <class T>
  T lack(T value) {
    sound_ = false;
    return value;
  }
  const Json& json_;
  bool sound_;
};

std::optional<Entry> parse_entry(const Json& json) {
  Members from(json);
  Entry entry{.name = from.text("name"),
              .size = from.number("size"),
              .sha256 = from.text("sha256"),
              .header = from.number("header"),
              .content = from.number("content"),
              .packed = from.number("packed"),
              .stored = from.truth("stored"),
              .frame = from.text("frame")};
  const auto mode = parse_octal(from.text("mode"));
  if (from.has("xxh3"))
    entry.xxh3 = from.text("xxh3");
  const bool digests = is_hex(entry.sha256, 64) && is_hex(entry.frame, 8) &&
                       (entry.xxh3.empty() || is_hex(entry.xxh3, 32));
  if (!from.sound() || !mode || !digests || !is_safe_name(entry.name) ||
      (entry.stored && entry.packed != entry.size))
    return std::nullopt;
  entry.mode = *mode;
  return entry;
}

bool parse_lists(Members& from, Manifest& manifest) {
  const Json flags = from.part("flags", Json::value_t::array);
  for (const Json& flag : flags) {
    if (!flag.is_string())
      return false;
    manifest.flags.push_back(flag.get<std::string>());
  }
  const Json aliases = from.part("aliases", Json::value_t::object);
  for (const auto& [alias, entry] : aliases.items()) {
    if (!entry.is_string())
      return false;
    manifest.aliases.emplace_back(alias, entry.get<std::string>());
  }
  const Json imports = from.part("imports", Json::value_t::array);
  for (const Json& each : imports) {
    Members import(each);
    manifest.imports.push_back({.path = import.text("path"), .entry = import.text("entry")});
    if (!import.sound())
      return false;
  }
  const Json entries = from.part("entries", Json::value_t::array);
  manifest.entries.reserve(entries.size());
  for (const Json& each : entries) {
    auto entry = parse_entry(each);
    if (!entry)
      return false;
    manifest.entries.push_back(std::move(*entry));
  }
  return true;
}

/// Names in order, each once, and everything that is referred to there.
bool is_consistent(const Manifest& manifest) {
  const auto& entries = manifest.entries;
  const auto out_of_order = [](const Entry& a, const Entry& b) { return a.name >= b.name; };
  if (std::ranges::adjacent_find(entries, out_of_order) != entries.end())
    return false;
  const auto known = [&](std::string_view name) { return manifest.find(name) != nullptr; };
  return known(kProgramEntry) &&
         std::ranges::all_of(manifest.aliases, known,
                             &std::pair<std::string, std::string>::second) &&
         std::ranges::all_of(manifest.imports, known, &Import::entry);
}

} // namespace

const Entry* Manifest::find(std::string_view wanted) const {
  const auto at = std::ranges::lower_bound(entries, wanted, {},
                                           [](const Entry& e) { return std::string_view(e.name); });
  return at != entries.end() && at->name == wanted ? &*at : nullptr;
}

std::string to_json(const Manifest& manifest) {
  // Entries are a list: an object of this library looks each new key up among all others.
  Json aliases = Json::object(), entries = Json::array(), imports = Json::array();
  for (const auto& [alias, entry] : manifest.aliases)
    aliases[alias] = entry;
  for (const Import& import : manifest.imports)
    imports.push_back({{"path", import.path}, {"entry", import.entry}});
  for (const Entry& entry : manifest.entries)
    entries.push_back(entry_json(entry));
  const Json json = {
      {"format", kFormat},
      {"program",
       {{"name", manifest.name}, {"version", manifest.version}, {"source", manifest.source}}},
      {"built_at", manifest.built_at ? Json(*manifest.built_at) : Json(nullptr)},
      {"perch",
       {{"version", manifest.perch_version},
        {"engine", manifest.engine},
        {"sha256", manifest.perch_sha256}}},
      {"strict", manifest.strict},
      {"flags", manifest.flags},
      {"aliases", std::move(aliases)},
      {"imports", std::move(imports)},
      {"entries", std::move(entries)}};
  return base::json_text(json, 1) + "\n";
}

Result<Manifest> parse_manifest(std::string_view text) {
  const auto unreadable = [](std::string_view why) {
    return fail(kind::kBundleError, cat("the archive's manifest cannot be read: ", why));
  };
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded() || !json.is_object())
    return unreadable("it is no JSON object");
  Members from(json);
  if (const std::uint64_t format = from.number("format"); format != kFormat)
    return unreadable(cat("it has format ", format, ", this perch knows ", kFormat));
  Manifest manifest;
  const Json program = from.part("program", Json::value_t::object);
  Members named(program);
  manifest.name = named.text("name");
  manifest.version = named.text("version");
  manifest.source = named.text("source");
  if (const auto at = json.find("built_at"); at != json.end() && at->is_number_integer())
    manifest.built_at = at->get<std::int64_t>();
  const Json perch = from.part("perch", Json::value_t::object);
  Members made_of(perch);
  manifest.perch_version = made_of.text("version");
  manifest.engine = made_of.text("engine");
  manifest.perch_sha256 = made_of.text("sha256");
  manifest.strict = from.truth("strict");
  if (!parse_lists(from, manifest) || !from.sound() || !named.sound() || !made_of.sound() ||
      !is_hex(manifest.perch_sha256, 64) || !is_consistent(manifest))
    return unreadable("something in it is missing or makes no sense");
  return manifest;
}

std::string native_entry(std::string_view module_sha256, bool metered) {
  return cat(kNativePrefix, module_sha256, metered ? "-fuel" : "");
}

bool is_safe_name(std::string_view name) {
  if (!base::is_utf8(name) || name.find('\0') != name.npos || name.find('\\') != name.npos)
    return false;
  return std::ranges::none_of(base::split(name, '/'), [](std::string_view part) {
    return part.empty() || part == "." || part == "..";
  });
}

} // namespace perch::bundle
