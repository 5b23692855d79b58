#pragma once
// Calls ops in a world in memory and looks at what comes back.

#include "base/error_kinds.h"
#include "op/op_decl.h"
#include "ops/tables.h"
#include "support/fake_call.h"

#include <gtest/gtest.h>

namespace perch::ops {

using test::Arg;
using test::named;

class Ops : public testing::Test {
protected:
  Result<op::Value> call(std::string_view name, const std::vector<Arg>& args) {
    return test::call_op(table, world, name, args);
  }

  /// The result's text; a failure is reported.
  std::string text(std::string_view name, const std::vector<Arg>& args) {
    const auto result = call(name, args);
    EXPECT_TRUE(result) << name << ": " << (result ? "" : result.error().message);
    return result ? result->text() : "(failed)";
  }

  op::Value value(std::string_view name, const std::vector<Arg>& args) {
    const auto result = call(name, args);
    EXPECT_TRUE(result) << name << ": " << (result ? "" : result.error().message);
    return result ? *result : op::Value(std::string("(failed)"));
  }

  std::vector<std::string> items(std::string_view name, const std::vector<Arg>& args) {
    const op::Value result = value(name, args);
    EXPECT_TRUE(result.is_list()) << name;
    return result.is_list() ? result.items() : std::vector<std::string>();
  }

  /// The error; a success is reported.
  Error error(std::string_view name, const std::vector<Arg>& args) {
    const auto result = call(name, args);
    EXPECT_FALSE(result) << name << " gave " << (result ? result->text() : "");
    Error error = result ? fail("(none)", "").error() : result.error();
    EXPECT_NE(error.detail, "undeclared") << error.message;
    return error;
  }

  std::string kind(std::string_view name, const std::vector<Arg>& args) {
    return std::string(error(name, args).kind);
  }

  op::OpTable table{tables()};
  test::FakeWorld world;
};

using Items = std::vector<std::string>;

[[nodiscard]] inline op::Value list_of(Items items) { return op::Value::list(std::move(items)); }

} // namespace perch::ops
