#include "base/error_kinds.h"
#include "base/text.h"
#include "lane/process/child.h"
#include "lane/process/child_job.h"
#include "lane/process/confine.h"
#include "lane/process/start_error.h"
#include "sys/os_error.h"
#include "sys/pipe.h"
#include "sys/private_directory.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <mutex>
#include <sys/eventfd.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace perch::lane {

namespace {

// What a ChildPlan points to.
struct Prepared {
  ChildPlan plan;
  std::vector<char*> argv, env;
  std::array<sys::Fd, 3> nothing;       // for the streams that have none
  std::vector<std::string> private_env; // instead of the spec's
  Confined confined;
  sys::Fd program;
};

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> list;
  list.reserve(texts.size() + 1);
  for (const std::string& text : texts)
    list.push_back(const_cast<char*>(text.c_str()));
  list.push_back(nullptr);
  return list;
}

Status check_texts(const ChildSpec& spec) {
  auto has_nul = [](const std::string& text) { return text.find('\0') != text.npos; };
  if (std::ranges::any_of(spec.argv, has_nul) || has_nul(spec.program)) {
    return fail(kind::kBadArgument,
                base::cat("cannot start `", spec.argv[0], "`: an argument has a NUL byte in it"),
                spec.program);
  }
  if (has_nul(spec.directory)) {
    return fail(kind::kBadArgument, "a path cannot contain a NUL byte", spec.directory);
  }
  if (std::ranges::any_of(spec.env, has_nul)) {
    return fail(kind::kBadArgument,
                base::cat("cannot start `", spec.argv[0], "`: a variable has a NUL byte in it"),
                spec.program);
  }
  return {};
}

Status prepare_stdio(const ChildSpec& spec, Prepared& prepared) {
  prepared.plan.stdio = {spec.stdio.in, spec.stdio.out, spec.stdio.err};
  for (std::size_t i = 0; i < 3; ++i) {
    if (prepared.plan.stdio[i] >= 0)
      continue;
    auto access = i == 0 ? sys::Access::Read : sys::Access::Write;
    PERCH_TRY_ASSIGN(prepared.nothing[i], sys::open_null(access));
    prepared.plan.stdio[i] = prepared.nothing[i].get();
  }
  return {};
}

// A file by handle. A script's interpreter opens it as /dev/fd/N, so it has to stay open there.
Status prepare_program(const ChildSpec& spec, Prepared& prepared) {
  prepared.plan.program = spec.program.c_str();
  if (spec.program_fd < 0)
    return {};
  PERCH_TRY_ASSIGN(prepared.program, sys::dup_fd(spec.program_fd));
  prepared.plan.program_fd = prepared.program.get();
  char head[2] = {};
  bool readable = ::pread(spec.program_fd, head, sizeof head, 0) == sizeof head;
  prepared.plan.keep_program_fd = readable && head[0] == '#' && head[1] == '!';
  return {};
}

Status prepare(const ChildSpec& spec, Prepared& prepared) {
  PERCH_ASSERT(!spec.argv.empty());
  PERCH_TRY(check_texts(spec));
  PERCH_TRY(prepare_stdio(spec, prepared));
  PERCH_TRY(prepare_program(spec, prepared));
  prepared.argv = pointers(spec.argv);
  prepared.env = pointers(prepared.private_env.empty() ? spec.env : prepared.private_env);
  ChildPlan& plan = prepared.plan;
  plan.argv = prepared.argv.data();
  plan.env = prepared.env.data();
  plan.directory = spec.directory.empty() ? nullptr : spec.directory.c_str();
  plan.group = spec.group != nullptr ? spec.group->id : 0;
  plan.new_session = spec.new_session;
  plan.parent = spec.new_session ? 0 : ::getpid();
  return {};
}

// A file that was just written may still be open for writing in a child that another thread is
// about to start; that ends when the child's program runs.
void make_child_of_fresh_file(ChildPlan& plan) {
  make_child(plan);
  for (int ms = 1; plan.failed == Step::Exec && plan.error == ETXTBSY && ms <= 64; ms *= 2) {
    std::this_thread::sleep_for(std::chrono::milliseconds(ms));
    make_child(plan);
  }
}

Error start_error(const ChildSpec& spec, const ChildPlan& plan) {
  using base::cat;
  switch (plan.failed) {
  case Step::Exec:
    return exec_error(spec, plan.error);
  case Step::Directory: {
    Error error = sys::os_fail(plan.error, "enter directory", spec.directory).error();
    error.message = cat("cannot start `", spec.program, "`: ", error.message);
    return error;
  }
  case Step::Confine:
    return fail(kind::kConfinementUnavailable,
                cat("cannot confine `", spec.program, "`: ", sys::os_words(plan.error)),
                spec.program)
        .error();
  case Step::Make: {
    Error error = sys::os_fail(plan.error, "start", spec.program).error();
    if (plan.error == EAGAIN)
      error.help = "the limit on processes is reached: `ulimit -u`";
    return error;
  }
  case Step::None:
  case Step::Group:
  case Step::Stdio:
    break;
  }
  return sys::os_fail(plan.error, "start", spec.program).error();
}

constexpr std::string_view kTemporaryNames[] = {"TMPDIR", "TMP", "TEMP"};

std::string_view variable(const std::vector<std::string>& env, std::string_view name) {
  for (std::string_view entry : env) {
    if (entry.starts_with(name) && entry.substr(name.size()).starts_with('='))
      return entry.substr(name.size() + 1);
  }
  return {};
}

// The environment with another temporary directory.
std::vector<std::string> with_temporary(std::vector<std::string> env, const std::string& path) {
  std::erase_if(env, [](std::string_view entry) {
    return std::ranges::find(kTemporaryNames, entry.substr(0, entry.find('='))) !=
           std::end(kTemporaryNames);
  });
  for (std::string_view name : kTemporaryNames)
    env.push_back(base::cat(name, '=', path));
  return env;
}

// Who was to join a group that is gone has one of its own.
std::shared_ptr<Group> joined(std::shared_ptr<Group> group, int id, int pid) {
  if (group == nullptr || (group->id != 0 && group->id != id))
    group = std::make_shared<Group>();
  group->id = id;
  group->members.push_back(pid);
  return group;
}

class RealProcessLane final : public ProcessLane {
public:
  explicit RealProcessLane(const KernelConfinement& kernel) : kernel_(kernel) {}

  Result<std::unique_ptr<Job>> start(const ChildSpec& spec) override;

private:
  Status confine(const ChildSpec& spec, Prepared& prepared);
  Result<std::string> temporary(std::string_view usual);
  Result<std::unique_ptr<Job>> start_session(const ChildSpec& spec, Prepared& prepared);
  Result<std::unique_ptr<Job>> start_own(const ChildSpec& spec, Prepared& prepared);
  std::unique_ptr<JobControl> control(const ChildPlan& plan, int group);

  KernelConfinement kernel_;
  Terminal terminal_;
  std::mutex mutex_;
  std::unique_ptr<sys::PrivateDirectory> temporary_; // made for the first child that needs it
};

Result<std::unique_ptr<Job>> RealProcessLane::start(const ChildSpec& spec) {
  Prepared prepared;
  PERCH_TRY(confine(spec, prepared));
  PERCH_TRY(prepare(spec, prepared));
  return spec.new_session ? start_session(spec, prepared) : start_own(spec, prepared);
}

Result<std::string> RealProcessLane::temporary(std::string_view usual) {
  std::lock_guard lock(mutex_);
  if (temporary_ == nullptr) {
    std::string_view parent = usual.starts_with('/') ? usual : "/tmp";
    PERCH_TRY_ASSIGN(temporary_, sys::PrivateDirectory::make(parent, "perch-"));
  }
  return temporary_->path();
}

Status RealProcessLane::confine(const ChildSpec& spec, Prepared& prepared) {
  const Confinement& wanted = spec.confinement;
  if (!wanted.any())
    return {};
  std::string own;
  std::string_view usual = variable(spec.env, kTemporaryNames[0]);
  bool usual_is_open = std::ranges::any_of(
      wanted.write_roots, [&](const auto& root) { return sys::is_within(root, usual); });
  if (needs_temporary(wanted) && !usual_is_open) {
    PERCH_TRY_ASSIGN(own, temporary(usual));
    prepared.private_env = with_temporary(spec.env, own);
  }
  auto confined = prepare_confinement(spec, kernel_, own);
  if (!confined) {
    Error error = std::move(confined).error();
    error.message = base::cat("cannot start `", spec.program, "`: ", error.message);
    return std::unexpected(std::move(error));
  }
  prepared.confined = std::move(*confined);
  prepared.plan.no_new_privileges = true;
  prepared.plan.ruleset = prepared.confined.ruleset.get();
  if (!prepared.confined.program.empty())
    prepared.plan.filter = &prepared.confined.filter;
  return {};
}

Result<std::unique_ptr<Job>> RealProcessLane::start_session(const ChildSpec& spec,
                                                            Prepared& prepared) {
  sys::Fd readable(::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!readable)
    return sys::os_fail(errno, "start", spec.program);
  make_child_of_fresh_file(prepared.plan);
  if (prepared.plan.failed != Step::None) {
    return std::unexpected(start_error(spec, prepared.plan));
  }
  return std::make_unique<DetachedJob>(prepared.plan.pid, std::move(readable));
}

std::unique_ptr<JobControl> RealProcessLane::control(const ChildPlan& plan, int group) {
  bool holds = plan.terminal >= 0;
  if (holds)
    terminal_.assign(group);
  if (!terminal_.present())
    return nullptr;
  auto start = holds ? JobControl::Start::HoldsTerminal : JobControl::Start::Background;
  return std::make_unique<JobControl>(terminal_, plan.pid, group, start);
}

Result<std::unique_ptr<Job>> RealProcessLane::start_own(const ChildSpec& spec, Prepared& prepared) {
  ChildPlan& plan = prepared.plan;
  if (terminal_.present() && spec.foreground && terminal_.reserve(plan.group)) {
    plan.terminal = terminal_.fd();
  }
  make_child_of_fresh_file(plan);
  int group = plan.group != 0 ? plan.group : plan.pid;
  if (plan.failed != Step::None) {
    if (plan.terminal >= 0)
      terminal_.release(group, Terminal::Modes::Keep);
    return std::unexpected(start_error(spec, plan));
  }
  auto job = std::make_unique<ChildJob>(plan.pid, sys::Fd(plan.pid_fd),
                                        joined(spec.group, group, plan.pid));
  try {
    job->watch(control(plan, group));
  } catch (const std::system_error& error) {
    if (plan.terminal >= 0)
      terminal_.release(group, Terminal::Modes::Keep);
    return sys::os_fail(error.code().value(), "watch", spec.program);
  }
  return job;
}

} // namespace

std::unique_ptr<ProcessLane> make_process_lane(const KernelConfinement& kernel) {
  return std::make_unique<RealProcessLane>(kernel);
}

} // namespace perch::lane
