#include "base/error_kinds.h"
#include "base/json.h"
#include "bundle/manifest.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace perch::bundle {
namespace {

Entry entry(std::string name) {
  return {.name = std::move(name),
          .mode = 0755,
          .size = 12,
          .sha256 = std::string(64, 'a'),
          .header = 100,
          .content = 140,
          .packed = 9,
          .frame = "01234567"};
}

/// A manifest that is being made, and what it is made of.
struct Made : Manifest {
  std::vector<Entry> list;
};

Made some() {
  Made manifest{{.name = "app",
                 .version = "1.2",
                 .source = "app.perch",
                 .built_at = 1'700'000'000,
                 .perch_version = "0.1.0",
                 .engine = "wasmtime 48.0.8",
                 .perch_sha256 = std::string(64, 'b'),
                 .strict = true,
                 .flags = {"--no-network", "--env", "A"},
                 .aliases = {{"policy", "files/policy.wasm"}},
                 .imports = {{.path = "../lib.perch", .entry = "perch/imports/0/lib.perch"}}},
                {entry("files/policy.wasm"), entry("native/x"), entry("perch/imports/0/lib.perch"),
                 entry("perch/program.perch")}};
  manifest.list[1].xxh3 = std::string(32, 'c');
  manifest.list[1].stored = true;
  manifest.list[1].packed = 12;
  return manifest;
}

std::string json_of(const Made& made) { return to_json(made, made.list); }

/// The same once more, from what was read.
std::string json_of(const Manifest& manifest) {
  std::vector<Entry> list;
  EXPECT_TRUE(manifest.entries.each([&](const Entry& each) {
    list.push_back(each);
    return true;
  }));
  return to_json(manifest, list);
}

TEST(Manifest, what_is_written_is_read) {
  const std::string json = json_of(some());
  const auto read = parse_manifest(json);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(json_of(*read), json);
  EXPECT_EQ(read->entries.find("files/policy.wasm")->mode, 0755u);
  EXPECT_EQ(read->entries.find("files/nothing"), std::nullopt);
}

TEST(Manifest, is_json) {
  Made manifest = some();
  manifest.list[0].name = "files/a \"quoted\" caf\u00e9\n";
  const base::Json json = base::Json::parse(json_of(manifest), nullptr, false);
  ASSERT_TRUE(json.is_object());
  ASSERT_EQ(json["entries"].size(), 4u);
  EXPECT_EQ(json["entries"][0]["name"], manifest.list[0].name);
  EXPECT_EQ(json["entries"][0]["mode"], "0755");
  EXPECT_EQ(json["entries"][1]["xxh3"], manifest.list[1].xxh3);
  // And what any other program writes with one space a level is the same text.
  EXPECT_EQ(base::json_text(json, 1) + "\n", json_of(manifest));
}

TEST(Manifest, every_entry_of_many_is_found) {
  Made manifest = some();
  std::vector<std::string> names;
  for (int i = 0; i < 300; ++i)
    names.push_back("files/" + std::string(static_cast<std::size_t>(i % 40), 'x') + "\"/" +
                    std::to_string(i));
  for (const std::string& name : names)
    manifest.list.push_back(entry(name));
  std::ranges::sort(manifest.list, {}, &Entry::name);
  const std::string json = json_of(manifest);
  const auto read = parse_manifest(json);
  ASSERT_TRUE(read) << read.error().message;
  for (const Entry& each : manifest.list) {
    const auto found = read->entries.find(each.name);
    ASSERT_TRUE(found) << each.name;
    EXPECT_EQ(found->name, each.name);
    EXPECT_FALSE(read->entries.find(each.name + "\x01")) << each.name;
  }
  EXPECT_FALSE(read->entries.find(""));
  EXPECT_FALSE(read->entries.find("zzz"));
  std::vector<std::string> below;
  read->entries.each_below("files/", [&](const Entry& each) { below.push_back(each.name); });
  EXPECT_EQ(below.size(), 301u);
  EXPECT_TRUE(std::ranges::is_sorted(below));
}

TEST(Manifest, a_build_without_a_time_has_none) {
  Made manifest = some();
  manifest.built_at.reset();
  const std::string json = json_of(manifest);
  const auto read = parse_manifest(json);
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->built_at);
}

/// What must not be taken at its word.
void expect_refused(const Made& manifest) {
  const std::string json = json_of(manifest);
  const auto read = parse_manifest(json);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, kind::kBundleError);
}

TEST(Manifest, a_name_that_could_lead_astray_is_refused) {
  for (const std::string name :
       {"files/../x", "/etc/passwd", "files//x", "files/", "files/./x", "", "files\\x", ".."}) {
    EXPECT_FALSE(is_safe_name(name)) << name;
    Made manifest = some();
    manifest.list.insert(manifest.list.begin(), entry(name));
    std::ranges::sort(manifest.list, {}, &Entry::name);
    expect_refused(manifest);
  }
}

TEST(Manifest, names_are_utf_8) {
  EXPECT_TRUE(is_safe_name("files/caf\xc3\xa9"));
  EXPECT_FALSE(is_safe_name("files/caf\xe9"));
}

TEST(Manifest, entries_are_in_order_and_each_once) {
  Made twice = some();
  twice.list.insert(twice.list.begin(), twice.list[0]);
  expect_refused(twice);
  Made reversed = some();
  std::swap(reversed.list[0], reversed.list[1]);
  expect_refused(reversed);
}

TEST(Manifest, what_is_referred_to_is_there) {
  Made alias = some();
  alias.aliases[0].second = "files/other.wasm";
  expect_refused(alias);
  Made import = some();
  import.imports[0].entry = "perch/imports/1/lib.perch";
  expect_refused(import);
  Made program = some();
  program.list.pop_back();
  expect_refused(program);
}

TEST(Manifest, digests_and_sizes_make_sense) {
  Made digest = some();
  digest.list[0].sha256 = "abc";
  expect_refused(digest);
  Made size = some();
  size.list[1].packed = 13;
  expect_refused(size);
}

TEST(Manifest, another_layout_of_entries_is_refused) {
  const std::string json = json_of(some());
  const auto refused = [&](std::string_view what, std::string_view by) {
    std::string text = json;
    text.replace(text.find(what), what.size(), by);
    EXPECT_FALSE(parse_manifest(text)) << by;
  };
  refused("\"size\": 12", "\"size\": -12");
  refused("\"size\": 12", "\"size\": 12.0");
  refused("\"size\": 12", "\"size\":  12");
  refused("\"size\": 12,\n", "\"size\": 12,\n   \"more\": 1,\n");
  refused("\"stored\": false", "\"stored\": 0");
  refused("\"mode\": \"0755\"", "\"mode\": \"4755\"");
  refused("\"mode\": \"0755\"", "\"mode\": \"755\"");
  refused("  },\n", "  }\n");
  refused("\n  {\n   \"name\"", "\n  {\n\n   \"name\"");
  refused("\"files/policy.wasm\",\n   \"sha", "\"files/policy\".wasm\",\n   \"sha");
}

TEST(Manifest, what_is_nested_as_deep_as_it_can_be_costs_no_stack) {
  constexpr std::size_t kDeep = 300'000;
  const std::string deep = std::string(kDeep, '[') + std::string(kDeep, ']');
  const std::string json = json_of(some());
  std::string text; // what a manifest has views into
  const auto with = [&](std::string_view what, const std::string& by) {
    text = json;
    text.replace(text.find(what), what.size(), by);
    return parse_manifest(text);
  };
  EXPECT_FALSE(with("\"--no-network\"", deep));
  EXPECT_FALSE(with("\"path\": \"../lib.perch\"", "\"path\": " + deep));
  // A member that nobody knows is nobody's business, however deep.
  const auto more = with("\"program\": {", "\"program\": {\n  \"more\": " + deep + ",");
  ASSERT_TRUE(more) << more.error().message;
  EXPECT_EQ(json_of(*more), json);
}

TEST(Manifest, what_is_no_manifest_is_refused) {
  for (const std::string text : {"", "x", "[]", "{}", "{\"format\": 2}", "{\"format\": \"1\"}"})
    EXPECT_FALSE(parse_manifest(text)) << text;
  const std::string json = json_of(some());
  for (std::size_t size = 0; size + 1 < json.size(); size += 7)
    EXPECT_FALSE(parse_manifest(std::string_view(json).substr(0, size))) << size;
}

} // namespace
} // namespace perch::bundle
