#include "run/thread_job.h"

#include "base/error_kinds.h"
#include "sys/pipe.h"

#include <system_error>

namespace perch::run {

Result<std::unique_ptr<ThreadJob>> ThreadJob::start(std::move_only_function<Flow()> work) {
  std::unique_ptr<ThreadJob> job(new ThreadJob);
  PERCH_TRY_ASSIGN(auto pipe, sys::make_pipe());
  job->done_ = std::move(pipe.read);
  try {
    job->thread_ = std::thread(
        [raw = job.get(), work = std::move(work), done = std::move(pipe.write)]() mutable {
          raw->result_ = work();
          work = nullptr; // its descriptors close before anybody hears that it is done
          done.reset();
        });
  } catch (const std::system_error&) {
    return fail(kind::kFileError, "no thread can be started: the system has none left");
  }
  return job;
}

ThreadJob::~ThreadJob() {
  if (thread_.joinable())
    thread_.join();
}

lane::Ended ThreadJob::finish() {
  thread_.join();
  return {.how = lane::Ended::How::Exited, .code = result_ ? 0 : 1};
}

} // namespace perch::run
