#include "guests.h"

#include "sys/fd.h"

#include <gtest/gtest.h>
#include <perch_engine.h>

#include <dirent.h>
#include <fcntl.h>
#include <thread>
#include <unistd.h>

namespace perch::test {

namespace {

std::string drain(int fd) {
  std::string all;
  char buffer[65536];
  for (;;) {
    const ssize_t count = ::read(fd, buffer, sizeof buffer);
    if (count <= 0)
      return all;
    all.append(buffer, static_cast<std::size_t>(count));
  }
}

struct CapturePipe {
  sys::Fd read, write;
  CapturePipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
      std::abort();
    read = sys::Fd(ends[0]);
    write = sys::Fd(ends[1]);
  }
};

std::size_t entries(const char* directory) {
  std::size_t count = 0;
  DIR* stream = ::opendir(directory);
  while (::readdir(stream) != nullptr)
    ++count;
  ::closedir(stream);
  return count;
}

} // namespace

std::string wasm(std::string_view text) {
  wasm_byte_vec_t out{0, nullptr};
  if (auto* error = wasmtime_wat2wasm(text.data(), text.size(), &out)) {
    wasm_byte_vec_t message{0, nullptr};
    wasmtime_error_message(error, &message);
    ADD_FAILURE() << std::string(message.data, message.size);
    wasm_byte_vec_delete(&message);
    wasmtime_error_delete(error);
    return {};
  }
  std::string bytes(out.data, out.size);
  wasm_byte_vec_delete(&out);
  return bytes;
}

std::string built_guest(std::string_view name) {
  return read_file(std::string(PERCH_TEST_GUESTS) + "/" + std::string(name) + ".wasm");
}

Guests::Guests(lane::WasmOptions options) : lane_(lane::make_wasm_lane(std::move(options))) {}

std::unique_ptr<lane::Job> Guests::start(std::string_view bytes, lane::GuestSpec spec) {
  if (spec.argv.empty())
    spec.argv = {"guest.wasm"};
  if (spec.cancel == nullptr)
    spec.cancel = sys::CancelToken::root();
  auto module = load(bytes, spec.fuel ? lane::Metering::Fuel : lane::Metering::None);
  if (!module) {
    ADD_FAILURE() << module.error().message;
    return nullptr;
  }
  auto job = lane_->start(*module, spec);
  if (!job) {
    ADD_FAILURE() << job.error().message;
    return nullptr;
  }
  return std::move(*job);
}

Ran Guests::run(std::string_view bytes, lane::GuestSpec spec) {
  CapturePipe out, err;
  if (spec.stdio.in == 0)
    spec.stdio.in = -1;
  spec.stdio.out = out.write.get();
  spec.stdio.err = err.write.get();
  Ran ran;
  auto job = start(bytes, std::move(spec));
  out.write.reset();
  err.write.reset();
  if (job == nullptr)
    return ran;
  std::thread errors([&] { ran.err = drain(err.read.get()); });
  ran.out = drain(out.read.get());
  errors.join();
  ran.ended = job->finish();
  return ran;
}

Error Guests::refused(std::string_view bytes, lane::GuestSpec spec) {
  if (spec.cancel == nullptr)
    spec.cancel = sys::CancelToken::root();
  auto module = load(bytes, spec.fuel ? lane::Metering::Fuel : lane::Metering::None);
  if (!module)
    return module.error();
  auto job = lane_->start(*module, spec);
  if (!job)
    return job.error();
  ADD_FAILURE() << "it started";
  return {};
}

lane::GuestSpec until(std::chrono::milliseconds after) {
  lane::GuestSpec spec;
  spec.stdio = {-1, -1, -1};
  spec.cancel = sys::CancelToken::root()->child(std::chrono::steady_clock::now() + after);
  return spec;
}

lane::GuestSpec with_mount(const std::string& host, const std::string& guest, bool writable) {
  lane::GuestSpec spec;
  spec.mounts = {{.host = host, .guest = guest, .writable = writable}};
  return spec;
}

std::size_t threads_of_this_process() { return entries("/proc/self/task"); }
std::size_t descriptors_of_this_process() { return entries("/proc/self/fd"); }

} // namespace perch::test
