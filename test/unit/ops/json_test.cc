#include "op_fixture.h"

namespace perch::ops {
namespace {

using JsonOps = Ops;

constexpr const char* kDocument = R"({
  "z": 1, "a": {"b": [10, 20, {"c": "deep"}], "": "empty", "x.y": "dotted", "0": "zero"},
  "big": 9223372036854775807, "huge": 18446744073709551615, "low": -9223372036854775808,
  "f": 0.5, "t": true, "n": null, "list": ["one", 2, null, {"k": [1, 2]}, "two\nlines"],
  "empty": [], "s": "caf\u00e9", "~/": "odd"
})";

TEST_F(JsonOps, json_get_follows_names_and_indices) {
  const std::pair<const char*, const char*> cases[] = {
      {"z", "1"},
      {"a.b[0]", "10"},
      {"a.b[2].c", "deep"},
      {"/a/b/1", "20"},
      {"/a/b/2/c", "deep"},
      {"/a/", "empty"},
      {"/a/x.y", "dotted"},
      {"/a/0", "zero"},
      {"/~0~1", "odd"},
      {"big", "9223372036854775807"},
      {"huge", "18446744073709551615"},
      {"low", "-9223372036854775808"},
      {"f", "0.5"},
      {"t", "true"},
      {"n", ""},
      {"s", "café"},
      {"a.b[2]", R"({"c":"deep"})"},
  };
  for (const auto& [path, expected] : cases)
    EXPECT_EQ(text("json_get", {kDocument, path}), expected) << path;
}

TEST_F(JsonOps, json_get_gives_typed_values) {
  EXPECT_EQ(value("json_get", {kDocument, "z"}).type(), op::Type::Int);
  EXPECT_EQ(value("json_get", {kDocument, "f"}).type(), op::Type::Float);
  EXPECT_EQ(value("json_get", {kDocument, "t"}).type(), op::Type::Bool);
  EXPECT_EQ(value("json_get", {kDocument, "a"}).type(), op::Type::Json);
  EXPECT_EQ(value("json_get", {kDocument, "s"}).type(), op::Type::Text);
}

TEST_F(JsonOps, an_array_is_a_list_of_texts_and_compact_json) {
  EXPECT_EQ(items("json_get", {kDocument, "list"}),
            (Items{"one", "2", "", R"({"k":[1,2]})", "two\nlines"}));
  EXPECT_EQ(items("json_get", {kDocument, "empty"}), Items{});
}

TEST_F(JsonOps, the_order_of_keys_is_kept) {
  EXPECT_EQ(text("json_get", {R"({"o": {"z": 1, "a": 2, "m": 3}})", "o"}),
            R"({"z":1,"a":2,"m":3})");
}

TEST_F(JsonOps, the_empty_path_is_the_whole_document) {
  EXPECT_EQ(text("json_get", {R"( {"a" : 1} )", ""}), R"({"a":1})");
  EXPECT_EQ(text("json_get", {"[1,2]", "[1]"}), "2");
}

TEST_F(JsonOps, what_is_not_there_is_empty_or_the_default) {
  for (const char* path : {"nothing", "a.nothing", "a.b[9]", "z.deeper", "list.k", "/list/-", "n",
                           "a[0]", "list[0][0]"}) {
    EXPECT_EQ(text("json_get", {kDocument, path}), "") << path;
    EXPECT_EQ(text("json_get", {kDocument, path, "other"}), "other") << path;
  }
  EXPECT_EQ(text("json_get", {kDocument, "z", "other"}), "1");
}

TEST_F(JsonOps, a_path_that_is_none_is_an_error) {
  for (const char* path : {"a..b", ".a", "a.", "a[", "a[x]", "a[]", "a[0]b", "/a~2", "a.[0]"})
    EXPECT_EQ(kind("json_get", {kDocument, path}), kind::kBadArgument) << path;
}

TEST_F(JsonOps, a_document_that_is_none_is_an_error_that_says_where) {
  const Error broken = error("json_get", {"{\"a\": }", "a"});
  EXPECT_EQ(broken.kind, kind::kBadArgument);
  EXPECT_NE(broken.message.find("line 1, column 7"), std::string::npos) << broken.message;
  for (const char* document : {"", "{", "nope", "[1,]", "\"\xff\"", "1 2"})
    EXPECT_EQ(kind("json_get", {document, ""}), kind::kBadArgument) << document;
}

TEST_F(JsonOps, json_valid_tells) {
  EXPECT_EQ(text("json_valid", {kDocument}), "true");
  EXPECT_EQ(text("json_valid", {"3"}), "true");
  EXPECT_EQ(text("json_valid", {"{'a': 1}"}), "false");
  EXPECT_EQ(text("json_valid", {""}), "false");
}

TEST_F(JsonOps, a_document_nested_beyond_all_measure_is_refused) {
  const std::string deep(200'000, '[');
  EXPECT_EQ(kind("json_get", {deep + std::string(200'000, ']'), ""}), kind::kBadArgument);
  EXPECT_EQ(text("json_valid", {deep}), "false");
  EXPECT_EQ(text("json_valid", {"\"" + deep + "\""}), "true");
  EXPECT_EQ(text("json_valid", {R"(["\"[[[", "\\"])"}), "true");
}

TEST_F(JsonOps, json_stringify_quotes_text) {
  EXPECT_EQ(text("json_stringify", {"say \"jam\"\n<&>\\ é"}), R"("say \"jam\"\n<&>\\ é")");
  EXPECT_EQ(text("json_stringify", {std::string("\0\x1f", 2)}), R"("\u0000\u001f")");
  EXPECT_EQ(text("json_stringify", {""}), R"("")");
  EXPECT_EQ(kind("json_stringify", {"a\xff"}), kind::kBadArgument);
}

TEST_F(JsonOps, json_parse_is_kept_for_old_programs) {
  EXPECT_EQ(text("json_parse", {R"({ "b": 9007199254740993, "a": [ ] })"}),
            R"({"b":9007199254740993,"a":[]})");
  EXPECT_FALSE(table.find("json_parse")->deprecated.empty());
}

} // namespace
} // namespace perch::ops
