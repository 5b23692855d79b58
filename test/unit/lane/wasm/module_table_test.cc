#include "base/error_kinds.h"
#include "lane/wasm/module_table.h"

#include <gtest/gtest.h>

#include <future>

namespace perch::lane {

namespace {

const ModuleKey kKey{"digest", Metering::None};

ModulePointer some_module() {
  return std::make_shared<const CompiledModule>(CompiledModule::Facts{}, LoadedCode{},
                                                CompiledModule::LoadPooled{});
}

/// Ways to find and to make a module, which count.
struct Counted {
  int found = 0, made = 0;
  auto finds(std::optional<Result<ModulePointer>> what) {
    return [this, what] {
      ++found;
      return what;
    };
  }
  auto makes(Result<ModulePointer> what) {
    return [this, what]() -> ModuleTable::Make {
      ++made;
      return [what](sys::CancelToken&) { return what; };
    };
  }
};

Error error_of(std::string message) {
  return fail(kind::kWasmCompileFailed, std::move(message)).error();
}

} // namespace

TEST(ModuleTable, what_is_there_is_not_looked_for_again) {
  const auto table = std::make_shared<ModuleTable>();
  Counted count;
  const ModulePointer module = some_module();
  EXPECT_EQ(table->look(kKey, count.finds(module), nullptr)->value(), module);
  EXPECT_EQ(table->look(kKey, count.finds(some_module()), nullptr)->value(), module);
  EXPECT_EQ(table->get(kKey, count.finds(some_module()), count.makes(some_module()), nullptr),
            module);
  EXPECT_EQ(count.found, 1);
  EXPECT_EQ(count.made, 0);
}

TEST(ModuleTable, what_a_look_does_not_find_is_made_by_who_can) {
  const auto table = std::make_shared<ModuleTable>();
  Counted count;
  const ModulePointer module = some_module();
  // Another asks while the look goes on, and may already wait for it.
  std::future<Result<ModulePointer>> other;
  const auto look = table->look(
      kKey,
      [&]() -> std::optional<Result<ModulePointer>> {
        other = std::async(std::launch::async, [&] {
          return table->get(kKey, count.finds(std::nullopt), count.makes(module), nullptr);
        });
        return std::nullopt;
      },
      nullptr);
  EXPECT_FALSE(look);
  EXPECT_EQ(other.get(), module);
  EXPECT_EQ(count.made, 1);
}

TEST(ModuleTable, a_failure_is_told_and_forgotten) {
  const auto table = std::make_shared<ModuleTable>();
  Counted count;
  const Result<ModulePointer> failure = std::unexpected(error_of("no"));
  const auto first = table->get(kKey, count.finds(std::nullopt), count.makes(failure), nullptr);
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().message, "no");
  EXPECT_TRUE(table->get(kKey, count.finds(std::nullopt), count.makes(some_module()), nullptr));
}

TEST(ModuleTable, the_last_who_stops_waiting_ends_the_making) {
  const auto table = std::make_shared<ModuleTable>();
  const auto none = []() -> std::optional<Result<ModulePointer>> { return std::nullopt; };
  const auto cancel = sys::CancelToken::root()->child();
  std::promise<bool> ended;
  const auto patient = [&]() -> ModuleTable::Make {
    return [&](sys::CancelToken& wanted) -> Result<ModulePointer> {
      cancel->stop(sys::StopReason::Client);
      while (wanted.stopped() == sys::StopReason::None)
        wanted.wait_until(std::chrono::steady_clock::now() + std::chrono::hours(1));
      ended.set_value(true);
      return std::unexpected(error_of("nobody waited"));
    };
  };
  EXPECT_FALSE(table->get(kKey, none, patient, cancel.get()));
  // Whoever comes next is not told about the one before.
  Counted count;
  EXPECT_TRUE(table->get(kKey, count.finds(some_module()), count.makes(some_module()), nullptr));
  EXPECT_TRUE(ended.get_future().get());
}

} // namespace perch::lane
