#include "base/arena.h"

#include <algorithm>

namespace perch::base {

namespace {
constexpr std::size_t kFirstBlock = std::size_t{16} * 1024;
constexpr std::size_t kLargestBlock = std::size_t{1024} * 1024;
} // namespace

// Blocks double up to a limit, so that a small file costs one small block and a large one wastes
// at most one block's rest.
void* Arena::allocate(std::size_t size, std::size_t align) {
  auto padding = [&] { return -reinterpret_cast<std::uintptr_t>(at_) & (align - 1); };
  if (at_ == nullptr || size + padding() > static_cast<std::size_t>(end_ - at_)) {
    const std::size_t doubled = std::clamp(total_, kFirstBlock, kLargestBlock);
    const std::size_t block = std::max(doubled, size + align);
    blocks_.push_back(std::make_unique_for_overwrite<std::byte[]>(block));
    at_ = blocks_.back().get();
    end_ = at_ + block;
    total_ += block;
  }
  std::byte* result = at_ + padding();
  at_ = result + size;
  return result;
}

} // namespace perch::base
