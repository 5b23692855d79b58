#include "base/error_kinds.h"
#include "base/text.h"
#include "sys/fd.h"
#include "sys/mapped_file.h"
#include "sys/os_error.h"
#include "sys/own_executable.h"

#include <cerrno>
#include <fcntl.h>
#include <memory>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace perch::sys {

Result<MappedFile> MappedFile::map(int fd, std::string_view path) {
  struct stat info{};
  if (::fstat(fd, &info) != 0)
    return os_fail(errno, "read", path);
  if (!S_ISREG(info.st_mode))
    return fail(kind::kFileError, base::cat("`", path, "` is no regular file"), std::string(path));
  const auto size = static_cast<std::size_t>(info.st_size);
  if (size == 0)
    return MappedFile(nullptr, 0);
  void* at = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (at == MAP_FAILED)
    return os_fail(errno, "map", path);
  return MappedFile(static_cast<const char*>(at), size);
}

Result<MappedFile> MappedFile::own_executable() {
  const std::string name = own_executable_name();
  Fd file(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file)
    return os_fail(errno, "open", name);
  PERCH_TRY_ASSIGN(MappedFile own, map(file.get(), name));
  own.file_ = std::move(file);
  return own;
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)),
      file_(std::move(other.file_)) {}

MappedFile::~MappedFile() {
  if (file_) {
    (void)file_.release();
    return;
  }
  if (data_ != nullptr)
    ::munmap(const_cast<char*>(data_), size_);
}

/// Advice about pages may fail, and then changes nothing.
void MappedFile::will_need(std::string_view bytes) const {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<std::uintptr_t>(bytes.data()) & ~(page - 1);
  const auto end = reinterpret_cast<std::uintptr_t>(bytes.data() + bytes.size());
  if (begin < end)
    (void)::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_WILLNEED);
}

void MappedFile::let_go(std::string_view bytes) const {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = (reinterpret_cast<std::uintptr_t>(bytes.data()) + page - 1) & ~(page - 1);
  const auto end = reinterpret_cast<std::uintptr_t>(bytes.data() + bytes.size()) & ~(page - 1);
  if (begin < end)
    (void)::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

Status read_pieces(int fd, std::string_view path, const ByteSink& sink) {
  constexpr std::size_t kPiece = 1u << 20;
  const auto piece = std::make_unique_for_overwrite<char[]>(kPiece);
  for (;;) {
    const ssize_t count = ::read(fd, piece.get(), kPiece);
    if (count == 0)
      return {};
    if (count < 0 && errno != EINTR)
      return os_fail(errno, "read", path);
    if (count > 0)
      PERCH_TRY(sink({piece.get(), static_cast<std::size_t>(count)}));
  }
}

} // namespace perch::sys
