#include "lane/wasm/file_mark.h"

#include "sys/fd.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <tuple>
#include <unistd.h>

namespace perch::lane {

namespace {

/// The coarsest clock of a file system: FAT's.
constexpr std::time_t kClockStepSeconds = 2;

std::array<char, 40> read_boot_id() {
  std::array<char, 40> id{};
  const sys::Fd file(::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC));
  if (file)
    std::ignore = ::read(file.get(), id.data(), id.size());
  return id;
}

} // namespace

bool FileMark::is_settled(std::time_t now_s) const { return now_s - changed_s > kClockStepSeconds; }

FileMark mark_of(const struct stat& info) {
  static const std::array<char, 40> boot = read_boot_id();
  return {.device = info.st_dev,
          .inode = info.st_ino,
          .size = static_cast<std::uint64_t>(info.st_size),
          .changed_s = info.st_ctim.tv_sec,
          .changed_ns = info.st_ctim.tv_nsec,
          .boot = boot};
}

} // namespace perch::lane
