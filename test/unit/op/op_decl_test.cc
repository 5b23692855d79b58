#include "op/op_decl.h"

#include <gtest/gtest.h>

#include <string>

namespace perch::op {
namespace {

constexpr OpDecl kFirst[] = {
    {.name = "print",
     .aliases = {"println"},
     .summary = "",
     .params = {{{.name = "text"}}},
     .example = ""},
    {.name = "sleep", .summary = "", .example = ""},
};
constexpr OpDecl kSecond[] = {
    {.name = "cp",
     .summary = "",
     .params = {{{.name = "from"}, {.name = "to"}}},
     .needs = {{{.cap = Cap::Read, .subject = "from"}, {.cap = Cap::Write, .subject = "to"}}},
     .example = ""},
};
constexpr std::span<const OpDecl> kFamilies[] = {kFirst, kSecond};

TEST(op_table, finds_an_op_by_name_and_alias) {
  const OpTable table(kFamilies);
  EXPECT_EQ(table.find("print"), &kFirst[0]);
  EXPECT_EQ(table.find("println"), &kFirst[0]);
  EXPECT_EQ(table.find("cp"), &kSecond[0]);
}

TEST(op_table, finds_nothing_for_other_names) {
  const OpTable table(kFamilies);
  for (const char* name : {"", "prin", "printl", "PRINT", "print "})
    EXPECT_EQ(table.find(name), nullptr) << name;
  EXPECT_EQ(OpTable({}).find("print"), nullptr);
}

TEST(op_table, finds_every_one_of_many_names) {
  std::vector<std::string> names;
  for (int i = 0; i < 500; ++i)
    names.push_back("op_" + std::to_string(i));
  std::vector<OpDecl> ops;
  for (const auto& name : names)
    ops.push_back({.name = name, .summary = "", .example = ""});
  const std::span<const OpDecl> family[] = {ops};
  const OpTable table(family);
  for (std::size_t i = 0; i < names.size(); ++i)
    EXPECT_EQ(table.find(names[i]), &ops[i]);
}

TEST(op_decl, lists_end_at_the_first_unused_place) {
  EXPECT_EQ(kFirst[0].parameters().size(), 1u);
  EXPECT_EQ(kFirst[1].parameters().size(), 0u);
  EXPECT_EQ(kSecond[0].parameters().size(), 2u);
  EXPECT_EQ(kSecond[0].requests().size(), 2u);
  EXPECT_EQ(kFirst[0].requests().size(), 0u);
}

TEST(op_decl, a_parameter_is_found_by_name) {
  EXPECT_EQ(kSecond[0].index_of("from"), 0);
  EXPECT_EQ(kSecond[0].index_of("to"), 1);
  EXPECT_EQ(kSecond[0].index_of("mode"), -1);
  EXPECT_EQ(kSecond[0].index_of(""), -1);
}

TEST(op_decl, capabilities_have_the_names_that_the_manifest_uses) {
  EXPECT_EQ(cap_name(Cap::Exec), "exec");
  EXPECT_EQ(cap_name(Cap::Net), "net");
  EXPECT_EQ(cap_name(Cap::Wasm), "wasm");
}

} // namespace
} // namespace perch::op
