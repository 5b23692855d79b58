#include "bundle/manifest.h"

#include "base/error_kinds.h"
#include "base/json.h"
#include "base/text.h"

#include <algorithm>

namespace perch::bundle {

namespace {

using base::cat;
using base::Json;

bool is_hex(std::string_view text, std::size_t digits) {
  return text.size() == digits && text.find_first_not_of("0123456789abcdef") == text.npos;
}

constexpr std::string_view kNoEntries = "\n \"entries\": []";
constexpr std::string_view kEntries = "\n \"entries\": [", kEnd = "\n ]";

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
  return from.part("entries", Json::value_t::array).empty(); // taken out before
}

/// The members of a manifest, which are lists and objects in it at the deepest. What is deeper is
/// left out: somebody may have made it so deep that copying it needs more than the stack there is.
Json shallow(std::string_view text) {
  constexpr int kLevels = 3;
  const auto keep = [](int depth, Json::parse_event_t event, const Json&) {
    using Event = Json::parse_event_t;
    return depth < kLevels || (event != Event::object_start && event != Event::array_start);
  };
  return Json::parse(text, keep, false);
}

/// Everything that is referred to is there.
bool is_consistent(const Manifest& manifest) {
  const auto known = [&](std::string_view name) { return manifest.entries.find(name).has_value(); };
  return known(kProgramEntry) &&
         std::ranges::all_of(manifest.aliases, known,
                             &std::pair<std::string, std::string>::second) &&
         std::ranges::all_of(manifest.imports, known, &Import::entry);
}

} // namespace

std::string to_json(const Manifest& manifest, std::span<const Entry> entries) {
  Json aliases = Json::object(), imports = Json::array();
  for (const auto& [alias, entry] : manifest.aliases)
    aliases[alias] = entry;
  for (const Import& import : manifest.imports)
    imports.push_back({{"path", import.path}, {"entry", import.entry}});
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
      {"entries", Json::array()}};
  std::string text = base::json_text(json, 1) + "\n";
  if (entries.empty())
    return text;
  std::string list;
  for (const Entry& entry : entries)
    list += cat(list.empty() ? "" : ",", entry_text(entry));
  return text.replace(text.rfind(kNoEntries), kNoEntries.size(), cat(kEntries, list, kEnd));
}

Result<Manifest> parse_manifest(std::string_view text, const EntryList::Take& accept) {
  const auto unreadable = [](std::string_view why) {
    return fail(kind::kBundleError, cat("the archive's manifest cannot be read: ", why));
  };
  // The entries may be very many, and stay text.
  const std::size_t list = std::min(text.find(kEntries), text.size());
  const std::size_t begin = std::min(list + kEntries.size(), text.size());
  const std::size_t end = std::max(begin, std::min(text.rfind(kEnd), text.size()));
  const Json json = shallow(cat(text.substr(0, begin), text.substr(end)));
  if (json.is_discarded() || !json.is_object())
    return unreadable("it is no JSON object");
  Members from(json);
  if (const std::uint64_t format = from.number("format"); format != kFormat)
    return unreadable(cat("it has format ", format, ", this perch knows ", kFormat));
  Manifest manifest;
  manifest.entries = EntryList(text.substr(begin, end - begin));
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
      !is_hex(manifest.perch_sha256, 64) || !manifest.entries.each(accept) ||
      !is_consistent(manifest))
    return unreadable("something in it is missing or makes no sense");
  return manifest;
}

std::string native_entry(std::string_view module_sha256, bool metered) {
  return cat(kNativePrefix, module_sha256, metered ? "-fuel" : "");
}

std::string fetched_entry(std::string_view module_sha256) {
  return cat(kModulesPrefix, module_sha256, ".wasm");
}

} // namespace perch::bundle
