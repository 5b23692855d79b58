#pragma once
// Files seen as memory.

#include "base/result.h"
#include "sys/deflate.h"
#include "sys/fd.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace perch::sys {

/// A whole file, mapped for reading and private. It must not be truncated while it is mapped: an
/// executable that runs cannot be. Threads: safe from several.
class MappedFile {
public:
  /// `fd` may be closed afterwards. Errors: file_error, also for what is no regular file.
  [[nodiscard]] static Result<MappedFile> map(int fd, std::string_view path_for_errors);
  /// The executable this process runs, whatever has become of its name. It stays mapped and open
  /// until the process ends: code in it may still be wanted.
  [[nodiscard]] static Result<MappedFile> own_executable();

  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&&) = delete;
  MappedFile(const MappedFile&) = delete;
  ~MappedFile();

  /// Lifetime: this object's. The bytes stay where they are when it is moved.
  [[nodiscard]] std::string_view bytes() const { return {data_, size_}; }

  /// The file, open, of own_executable() only: -1 of map(). Borrowed; lifetime as of the bytes.
  [[nodiscard]] int file() const { return file_.get(); }

  /// Has bytes of this file read from the disk together, not page by page.
  void will_need(std::string_view bytes) const;
  /// Lets the system take back the memory of bytes of this file that were read and are hardly
  /// needed again; they stay readable.
  void let_go(std::string_view bytes) const;

private:
  MappedFile(const char* data, std::size_t size) : data_(data), size_(size) {}
  const char* data_ = nullptr;
  std::size_t size_ = 0;
  Fd file_;
};

/// Feeds what is left of a descriptor to `sink` in pieces. Errors: file_error; those of the sink.
[[nodiscard]] Status read_pieces(int fd, std::string_view path_for_errors, const ByteSink& sink);

} // namespace perch::sys
