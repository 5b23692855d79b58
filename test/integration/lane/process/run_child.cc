#include "integration/lane/process/run_child.h"

#include "support/temp_dir.h"
#include "sys/fs.h"
#include "sys/pipe.h"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace perch::test {

using namespace std::chrono_literals;

lane::ChildSpec shell(const std::string& text) {
  lane::ChildSpec spec;
  spec.program = "/bin/sh";
  spec.argv = {"sh", "-c", text};
  spec.env = {"PATH=/usr/bin:/bin"};
  spec.stdio = {.in = -1, .out = 1, .err = 2};
  return spec;
}

Output run(lane::ProcessLane& lane, lane::ChildSpec spec) {
  Output output;
  sys::Pipe pipe = sys::make_pipe().value();
  spec.stdio.out = spec.stdio.err = pipe.write.get();
  auto job = lane.start(spec);
  pipe.write.reset();
  if (!job) {
    output.error = job.error().message;
    return output;
  }
  output.text = sys::read_all(pipe.read.get(), 100 << 20, "output").value();
  output.ended = (*job)->finish();
  return output;
}

std::string output_of(const std::string& text) {
  auto lane = lane::make_process_lane();
  Output output = run(*lane, shell(text));
  EXPECT_EQ(output.error, "");
  if (output.text.ends_with('\n'))
    output.text.pop_back();
  return output.text;
}

int in_a_process(const std::function<int()>& body) {
  pid_t child = ::fork();
  if (child == 0)
    ::_exit(body());
  int status = -1;
  if (eventually([&] { return ::waitpid(child, &status, WNOHANG) == child; }))
    return status;
  ::kill(child, SIGKILL);
  ::waitpid(child, &status, 0);
  return -1;
}

bool eventually(const std::function<bool()>& condition) {
  auto end = std::chrono::steady_clock::now() + 10s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end)
      return false;
    std::this_thread::sleep_for(2ms);
  }
  return true;
}

bool is_alive(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(file, line))
    return false;
  return line[line.rfind(')') + 2] != 'Z';
}

} // namespace perch::test
