#include "net/worker.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "base/log.hpp"
#include "net/listening_socket.hpp"

namespace ringctl::net {

using boost::system::error_code;

/// One listening socket: waits until somebody is there and takes a few at a time.
class Worker::Listener {
 public:
  Listener(Worker& worker, base::Fd fd, std::size_t endpoint, bool tls, bool inherited)
      : worker_(worker),
        family_(family_of(fd.get())),
        socket_(worker.io_, fd.release()),
        pause_timer_(worker.io_),
        pause_(worker.shared_.limits.accept_pause),
        endpoint_(endpoint),
        tls_(tls),
        inherited_(inherited) {}

  void wait() {
    socket_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const error_code& error) {
      if (error || closed_) return;
      if (take(worker_.shared_.limits.accepts_at_once)) wait();
    });
  }

  /// Takes what waits, unless it is another process's to take, and closes.
  void finish() {
    if (closed_) return;
    if (!inherited_) take(static_cast<std::size_t>(worker_.shared_.limits.backlog));
    closed_ = true;
    error_code ignored;
    socket_.close(ignored);
    pause_timer_.cancel();
  }

 private:
  static int family_of(int fd) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    return address.ss_family;
  }

  /// Accepts up to `most`; false if it has to pause, and will go on by itself.
  bool take(std::size_t most) {
    for (std::size_t i = 0; i < most; ++i) {
      const int fd = accept_connection(socket_.native_handle(), remote_);
      if (fd >= 0) {
        pause_ = worker_.shared_.limits.accept_pause;
        admit(base::Fd(fd));
      } else if (errno == EAGAIN) {
        return true;
      } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        pause();
        return false;
      }
      // Anything else is about the connection that was not to be: ECONNABORTED and errors of its network.
    }
    return true;
  }

  void admit(base::Fd fd) {
    try {
      Socket socket(worker_.io_, Socket::protocol_type(family_, 0), fd.get());
      fd.release();
      socket.non_blocking(true);
      const auto context = tls_ ? worker_.tls_.get() : nullptr;
      worker_.table_.admit(
          context ? tls_transport(std::move(socket), *context) : plain_transport(std::move(socket)),
          {endpoint_, remote_});
    } catch (const std::exception&) {  // no memory for one more
      worker_.table_.tally().count(Counter::accept_failures);
    }
  }

  /// No descriptor or memory: makes room, and does not spin on what cannot be taken.
  void pause() {
    worker_.table_.tally().count(Counter::accept_failures);
    worker_.table_.close_idle();
    pause_timer_.expires_after(pause_);
    pause_ = std::min(pause_ * 2, worker_.shared_.limits.accept_pause_most);
    pause_timer_.async_wait([this](const error_code& error) {
      if (!error && !closed_) wait();
    });
  }

  Worker& worker_;
  int family_;
  asio::posix::stream_descriptor socket_;
  asio::steady_timer pause_timer_;
  std::chrono::milliseconds pause_;
  std::size_t endpoint_;
  bool tls_, inherited_, closed_ = false;
  std::string remote_;
};

Worker::Worker(Shared& shared, const TlsSlot& tls)
    : shared_(shared),
      tls_(tls),
      io_(1),
      table_(shared, [this] { asio::post(io_, [this] { table_.collect(); }); }),
      timer_(io_) {}

Worker::~Worker() { stop(); }

void Worker::listen(base::Fd fd, std::size_t endpoint, bool tls, bool inherited) {
  listeners_.push_back(std::make_unique<Listener>(*this, std::move(fd), endpoint, tls, inherited));
}

void Worker::start() {
  thread_ = std::thread([this] {
    table_.own();
    for (const auto& listener : listeners_) listener->wait();
    tick();
    for (;;) {
      try {
        io_.run();
        return;
      } catch (const std::exception& error) {
        // Want of memory in the middle of an event. Its connection ends by its deadline; the others go on.
        base::log(base::LogLevel::error, "net.event_failed", error.what());
      }
    }
  });
}

void Worker::tick() {
  timer_.expires_after(shared_.limits.tick);
  timer_.async_wait([this](const error_code& error) {
    if (error) return;
    table_.sweep();
    tick();
  });
}

void Worker::drain() {
  asio::post(io_, [this] {
    for (const auto& listener : listeners_) listener->finish();
    table_.drain();
    if (--shared_.accepting == 0) {
      const std::lock_guard guard(shared_.mutex);
      shared_.changed.notify_all();
    }
  });
}

void Worker::stop() {
  if (!thread_.joinable()) return;
  asio::post(io_, [this] {
    for (const auto& listener : listeners_) listener->finish();
    table_.close_all();
    timer_.cancel();
    io_.stop();
  });
  thread_.join();
}

}  // namespace ringctl::net
