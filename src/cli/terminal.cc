#include "cli/terminal.h"

#include "sys/fs.h"

#include <algorithm>

namespace perch::cli {

class Terminal::Screen final : public trace::Writer {
public:
  explicit Screen(int fd) : fd_(fd) {}
  Status write(std::string_view bytes) override {
    return sys::write_all(fd_, bytes, "standard error");
  }

private:
  int fd_;
};

Terminal::Terminal(const Context& context) {
  sys::World& world = context.world;
  const auto term = world.env.get("TERM");
  // Questions and a line that comes and goes do not fit on one screen.
  if (context.options.quiet || context.options.ask || !world.host.is_tty(world.err) ||
      (term && *term == "dumb"))
    return;
  screen_ = std::make_unique<Screen>(world.err);
  progress_ = std::make_unique<trace::Progress>(*screen_, [&world] {
    return static_cast<std::size_t>(std::max(1, world.host.terminal_columns(world.err)));
  });
}

Terminal::~Terminal() = default;

} // namespace perch::cli
