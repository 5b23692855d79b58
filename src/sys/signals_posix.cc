#include "base/result.h"
#include "sys/real.h"
#include "sys/self_signal.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <unistd.h>

namespace perch::sys {

// A signal handler can reach nothing but objects of static duration: the one mutable global.
static std::atomic<CancelToken*> handler_root = nullptr;
static std::atomic<int> interrupts = 0;

extern "C" {
static void stop_root(int number) {
  int saved = errno;
  if (number == SIGINT && interrupts.fetch_add(1) > 0) {
    // Delivered, with its default action, as soon as this handler returns.
    ::signal(SIGINT, SIG_DFL);
    ::kill(::getpid(), SIGINT);
  } else if (CancelToken* root = handler_root.load()) {
    root->stop_from_signal(number);
  }
  errno = saved;
}
}

// What would end perch at once and leave its children to themselves, faults aside.
static constexpr std::array kStopping = {SIGINT,  SIGTERM, SIGHUP,    SIGQUIT, SIGUSR1,
                                         SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGXCPU};
static constexpr std::array kIgnored = {SIGPIPE, SIGXFSZ};

struct SignalGuard::Saved {
  std::array<struct sigaction, kStopping.size()> stopping;
  std::array<struct sigaction, kIgnored.size()> ignored;
  struct sigaction child;
};

SignalGuard::SignalGuard(CancelToken& root) : saved_(std::make_unique<Saved>()) {
  (void)root.fd(); // the handler cannot make it
  CancelToken* none = nullptr;
  PERCH_ASSERT(handler_root.compare_exchange_strong(none, &root));
  interrupts = 0;

  struct sigaction action = {};
  sigemptyset(&action.sa_mask);
  action.sa_handler = SIG_IGN;
  for (std::size_t i = 0; i < kIgnored.size(); ++i) {
    ::sigaction(kIgnored[i], &action, &saved_->ignored[i]);
  }
  // Ignored (a parent may leave it so), ended children would vanish before they are waited for.
  action.sa_handler = SIG_DFL;
  ::sigaction(SIGCHLD, &action, &saved_->child);
  action.sa_handler = stop_root;
  for (std::size_t i = 0; i < kStopping.size(); ++i) {
    ::sigaction(kStopping[i], nullptr, &saved_->stopping[i]);
    if (saved_->stopping[i].sa_handler == SIG_IGN)
      continue;
    ::sigaction(kStopping[i], &action, nullptr);
  }
}

SignalGuard::~SignalGuard() {
  for (std::size_t i = 0; i < kStopping.size(); ++i) {
    ::sigaction(kStopping[i], &saved_->stopping[i], nullptr);
  }
  for (std::size_t i = 0; i < kIgnored.size(); ++i) {
    ::sigaction(kIgnored[i], &saved_->ignored[i], nullptr);
  }
  ::sigaction(SIGCHLD, &saved_->child, nullptr);
  handler_root = nullptr;
}

void signal_self(int number) { ::raise(number); }

void ignore_file_size_signal() { ::signal(SIGXFSZ, SIG_IGN); }

bool open_missing_standard_streams() {
  bool out_closed = false;
  for (int fd = 0; fd <= 2; ++fd) {
    if (::fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
      continue;
    // The lowest free number is fd. What is written to 1 fails, so that no result is lost without
    // a word; perch's own words for 2 are not missed.
    int opened = ::open("/dev/null", fd == 2 ? O_WRONLY : O_RDONLY);
    PERCH_ASSERT(opened == fd);
    out_closed |= fd == STDOUT_FILENO;
  }
  return out_closed;
}

} // namespace perch::sys
