#pragma once
// Bump allocation for trees that are built once, read often and freed together.

#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace perch::base {

/// Owns what it hands out; nothing is freed before the arena is. Only trivially destructible
/// types may live in it, because it runs no destructors. Not thread-safe while building.
class Arena {
public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  template <class T, class... Args>
  T* make(Args&&... args) {
    static_assert(std::is_trivially_destructible_v<T>);
    return new (allocate(sizeof(T), alignof(T))) T{std::forward<Args>(args)...};
  }

  /// Copies `items` into the arena.
  template <class T>
  std::span<const T> copy(std::span<const T> items) {
    static_assert(std::is_trivially_copyable_v<T>);
    if (items.empty())
      return {};
    auto* to = static_cast<T*>(allocate(items.size_bytes(), alignof(T)));
    std::memcpy(static_cast<void*>(to), static_cast<const void*>(items.data()), items.size_bytes());
    return {to, items.size()};
  }
  template <class T>
  std::span<const T> copy(const std::vector<T>& items) {
    return copy(std::span<const T>(items));
  }
  std::string_view copy(std::string_view text) {
    auto bytes = copy(std::span<const char>(text.data(), text.size()));
    return {bytes.data(), bytes.size()};
  }

  [[nodiscard]] std::size_t bytes() const { return total_; }

  /// Returns to the system what was made ready and is not used yet: for when a tree is complete.
  void trim();

private:
  /// A block is of the heap, or one of large pages.
  struct Release {
    std::size_t size = 0; ///< in bytes
    bool mapped = false;  ///< else of the heap
    void operator()(std::byte* block) const;
  };
  using Block = std::unique_ptr<std::byte[], Release>;

  static Block map_large_pages(std::size_t size);
  [[nodiscard]] Block next_block(std::size_t least) const;
  void* allocate(std::size_t size, std::size_t align);

  std::vector<Block> blocks_;
  std::byte* at_ = nullptr;
  std::byte* end_ = nullptr;
  std::size_t total_ = 0;
};

} // namespace perch::base
