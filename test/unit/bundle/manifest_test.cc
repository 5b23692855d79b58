#include "base/error_kinds.h"
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

Manifest some() {
  Manifest manifest{.name = "app",
                    .version = "1.2",
                    .source = "app.perch",
                    .built_at = 1'700'000'000,
                    .perch_version = "0.1.0",
                    .engine = "wasmtime 48.0.8",
                    .perch_sha256 = std::string(64, 'b'),
                    .strict = true,
                    .flags = {"--no-network", "--env", "A"},
                    .aliases = {{"policy", "files/policy.wasm"}},
                    .imports = {{.path = "../lib.perch", .entry = "perch/imports/0/lib.perch"}},
                    .entries = {entry("files/policy.wasm"), entry("native/x"),
                                entry("perch/imports/0/lib.perch"), entry("perch/program.perch")}};
  manifest.entries[1].xxh3 = std::string(32, 'c');
  manifest.entries[1].stored = true;
  manifest.entries[1].packed = 12;
  return manifest;
}

TEST(Manifest, what_is_written_is_read) {
  const std::string json = to_json(some());
  const auto read = parse_manifest(json);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(to_json(*read), json);
  EXPECT_EQ(read->find("files/policy.wasm")->mode, 0755u);
  EXPECT_EQ(read->find("files/nothing"), nullptr);
}

TEST(Manifest, a_build_without_a_time_has_none) {
  Manifest manifest = some();
  manifest.built_at.reset();
  const auto read = parse_manifest(to_json(manifest));
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->built_at);
}

/// What must not be taken at its word.
void expect_refused(const Manifest& manifest) {
  const auto read = parse_manifest(to_json(manifest));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, kind::kBundleError);
}

TEST(Manifest, a_name_that_could_lead_astray_is_refused) {
  for (const std::string name :
       {"files/../x", "/etc/passwd", "files//x", "files/", "files/./x", "", "files\\x", ".."}) {
    EXPECT_FALSE(is_safe_name(name)) << name;
    Manifest manifest = some();
    manifest.entries.insert(manifest.entries.begin(), entry(name));
    std::ranges::sort(manifest.entries, {}, &Entry::name);
    expect_refused(manifest);
  }
}

TEST(Manifest, names_are_utf_8) {
  EXPECT_TRUE(is_safe_name("files/caf\xc3\xa9"));
  EXPECT_FALSE(is_safe_name("files/caf\xe9"));
}

TEST(Manifest, entries_are_in_order_and_each_once) {
  Manifest twice = some();
  twice.entries.insert(twice.entries.begin(), twice.entries[0]);
  expect_refused(twice);
  Manifest reversed = some();
  std::swap(reversed.entries[0], reversed.entries[1]);
  expect_refused(reversed);
}

TEST(Manifest, what_is_referred_to_is_there) {
  Manifest alias = some();
  alias.aliases[0].second = "files/other.wasm";
  expect_refused(alias);
  Manifest import = some();
  import.imports[0].entry = "perch/imports/1/lib.perch";
  expect_refused(import);
  Manifest program = some();
  program.entries.pop_back();
  expect_refused(program);
}

TEST(Manifest, digests_and_sizes_make_sense) {
  Manifest digest = some();
  digest.entries[0].sha256 = "abc";
  expect_refused(digest);
  Manifest size = some();
  size.entries[1].packed = 13;
  expect_refused(size);
}

TEST(Manifest, what_is_no_manifest_is_refused) {
  for (const std::string text : {"", "x", "[]", "{}", "{\"format\": 2}", "{\"format\": \"1\"}"})
    EXPECT_FALSE(parse_manifest(text)) << text;
  std::string json = to_json(some());
  for (std::size_t size = 0; size + 1 < json.size(); size += 7)
    EXPECT_FALSE(parse_manifest(std::string_view(json).substr(0, size))) << size;
}

} // namespace
} // namespace perch::bundle
