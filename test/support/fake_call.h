#pragma once
// A Call that touches nothing: files in memory, programs and servers from tables, a fixed clock.

#include "op/call.h"
#include "support/fake_files.h"

#include <map>
#include <set>

namespace perch::test {

/// A program that may be started: the words it is known by, and how it ends.
struct FakeProgram {
  std::string words; ///< program and arguments, joined by blanks; or the shell text
  op::Ended ended;
};

struct FakePage {
  int status = 200;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers = {};
  /// Instead of an answer.
  std::optional<Error> error = {};
};

/// What the ops of one test see and leave behind.
struct FakeWorld {
  FakeWorld();

  FakeFiles files;
  std::string out;
  std::string err;

  std::vector<FakeProgram> programs;
  std::vector<op::Launch> launched;
  std::map<std::string, std::string> executables; ///< name to absolute path
  std::set<std::string> processes;

  std::map<std::string, FakePage> pages; ///< "METHOD URL" to its answer
  std::vector<op::HttpRequest> requests;
  std::map<std::string, std::vector<std::string>> addresses; ///< host to addresses
  std::set<std::string> listening;                           ///< "host:port"
  std::set<int> taken_ports;
  op::LocalNetwork network;

  std::map<std::string, std::string> env;
  std::string search_path = "/usr/bin:/bin";
  op::HostFacts host;
  std::int64_t now_ns = 0;
  std::int64_t slept_ns = 0;
  /// After that many questions whether to stop, the answer is yes.
  int stops_after = -1;
  std::vector<std::pair<std::string, std::string>> commands;
  std::optional<std::string> bundle_hash;
  std::map<std::string, std::string> bundle; ///< entry to bytes
  /// Capabilities the policy refuses although the op declares them.
  std::set<op::Cap> denied;
};

/// One execution of `decl` in `world`. A capability its table entry does not name is refused.
class FakeCall : public op::Call {
public:
  FakeCall(const op::OpDecl& decl, FakeWorld& world, std::vector<op::Value> values,
           std::vector<bool> given, std::vector<op::Value> rest);

  [[nodiscard]] const op::OpDecl& decl() const override { return decl_; }
  [[nodiscard]] bool given(std::size_t param) const override { return given_[param]; }
  [[nodiscard]] const op::Value& value(std::size_t param) const override { return values_[param]; }
  [[nodiscard]] std::span<const op::Value> rest() const override { return rest_; }

  op::Files& files() override { return world_.files; }
  Result<op::Ended> run(const op::Launch& launch) override;
  Result<op::HttpResponse> fetch(const op::HttpRequest& request) override;
  Status may_reach(std::string_view host, int port) override;
  Result<std::vector<std::string>> resolve(std::string_view host) override;
  Result<bool> connects(std::string_view host, int port, op::Duration limit) override;
  Result<std::optional<int>> free_port(int port) override;
  Result<op::LocalNetwork> local_network() override;
  Result<bool> process_runs(std::string_view name) override;
  Result<std::optional<std::string>> env(std::string_view name) override;
  Status set_env(std::string_view name, std::optional<std::string> value) override;
  [[nodiscard]] std::string search_path() const override { return world_.search_path; }
  [[nodiscard]] std::optional<std::string> which(std::string_view name) const override;
  [[nodiscard]] const op::HostFacts& host() const override { return world_.host; }

  Status print(op::Stream stream, std::string_view bytes) override;
  [[nodiscard]] std::string directory() const override { return world_.files.directory; }
  Status set_directory(std::string_view path) override;
  Status sleep(op::Duration duration) override;
  [[nodiscard]] std::int64_t now_unix_ns() const override { return world_.now_ns; }
  Status check_cancelled() override;
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> commands() const override {
    return world_.commands;
  }
  Result<std::string> bundle_hash() override;
  Result<std::string> bundle_dir() override;
  Status bundle_extract(std::string_view entry, std::string_view to) override;

private:
  Status allowed(op::Cap cap) const;

  const op::OpDecl& decl_;
  FakeWorld& world_;
  std::vector<op::Value> values_;
  std::vector<bool> given_;
  std::vector<op::Value> rest_;
};

/// An argument: a text, a number, a value; `named` ones are written `name:value`.
struct Arg {
  Arg(const char* text) : value(std::string(text)) {}
  Arg(std::string text) : value(std::move(text)) {}
  Arg(int number) : value(op::Value::integer(number)) {}
  Arg(op::Value given) : value(std::move(given)) {}
  Arg(std::string_view param, op::Value given) : name(param), value(std::move(given)) {}
  std::string name;
  op::Value value;
};

[[nodiscard]] inline Arg named(std::string_view name, std::string text) {
  return {name, op::Value(std::move(text))};
}

/// Calls the op `name` of `table` as a program does: binds the words to parameters, checks their
/// number and types, then runs it. Errors: bad_argument for words the op does not take.
[[nodiscard]] Result<op::Value> call_op(const op::OpTable& table, FakeWorld& world,
                                        std::string_view name, const std::vector<Arg>& args);

} // namespace perch::test
