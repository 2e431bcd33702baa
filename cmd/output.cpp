#include "cmd/output.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "base/error.hpp"
#include "cmd/pager.hpp"

namespace ringctl::cmd {

Output::Output(OutputOptions options) : options_(std::move(options)) {
  if (options_.path != "-") {
    file_ = std::make_unique<base::AtomicFile>(options_.path);
    deflater_ = csv::deflater_for(options_.path);
  } else if (options_.pager) {
    paging_ = Paging::undecided;
  }
}

Output::~Output() {
  if (pager_ > 0) end_pager();
}

bool Output::drain() {
  if (paging_ == Paging::undecided) {
    if (!longer_than_screen()) return false;
    start_pager();
  }
  send();
  return true;
}

bool Output::longer_than_screen() {
  lines_ += static_cast<std::size_t>(
      std::count(buffer_.begin() + static_cast<std::ptrdiff_t>(counted_), buffer_.end(), '\n'));
  counted_ = buffer_.size();
  return lines_ >= static_cast<std::size_t>(std::max(options_.screen_lines, 2));
}

void Output::start_pager() {
  auto started = spawn_pager(*options_.pager, options_.fd);
  paging_ = started ? Paging::on : Paging::off;
  if (!started) return;
  pipe_ = std::move(started->input);
  pager_ = started->pid;
  holds_ = static_cast<std::size_t>(std::max(::fcntl(pipe_.get(), F_GETPIPE_SZ), 0));
}

/// The shell starts whatever the pager's command is, so only its end says whether there was one. Until more
/// went through the pipe than it holds, all of it is kept.
void Output::page(const std::string& data) {
  if (holds_ > 0) unread_ += data;
  try {
    base::write_all(pipe_.get(), data, "the pager");
    if (unread_.size() > holds_) {
      holds_ = 0;
      unread_ = {};
    }
  } catch (const Error& error) {
    if (error.errc() != Errc::broken_pipe) throw;
    if (end_pager() || holds_ == 0) throw Error(Errc::ok, "pager.quit", "the pager was closed");
    write_unread();
  }
}

/// False if there was none.
bool Output::end_pager() {
  pipe_ = base::Fd();
  paging_ = Paging::off;
  return wait_for(std::exchange(pager_, -1));
}

/// A pager that cannot be started is no reason to withhold the data.
void Output::write_unread() { base::write_all(options_.fd, std::exchange(unread_, {}), "standard output"); }

void Output::write_file(const std::string& data) {
  if (!deflater_) return file_->write(data);
  std::string packed;
  deflater_->add(data, packed);
  file_->write(packed);
}

void Output::send() {
  if (buffer_.empty()) return;
  const std::string data = std::move(buffer_);
  buffer_.clear();
  counted_ = 0;
  if (file_) {
    write_file(data);
  } else if (paging_ == Paging::on) {
    page(data);
  } else {
    base::write_all(options_.fd, data, "standard output");
  }
  buffer_.reserve(k_chunk + k_chunk / 4);
}

void Output::flush() {
  if (paging_ == Paging::undecided) {
    if (longer_than_screen())
      start_pager();
    else
      paging_ = Paging::off;
  }
  send();
  if (paging_ == Paging::on && !end_pager()) write_unread();
}

void Output::require_reader() const {
  if (file_ || paging_ != Paging::off) return;
  pollfd stream{.fd = options_.fd, .events = 0, .revents = 0};
  if (::poll(&stream, 1, 0) == 1 && (stream.revents & (POLLERR | POLLHUP)) != 0)
    throw Error(Errc::broken_pipe, "output.broken_pipe", "standard output: nobody reads it any more");
}

void Output::close() {
  flush();
  if (file_) {
    if (std::exchange(committed_, true)) return;
    std::string packed;
    if (deflater_) deflater_->finish(packed);
    file_->write(packed);
    file_->commit();
    return;
  }
  // Closing a duplicate makes network file systems report what they have not written, and keeps the
  // descriptor.
  const int copy = ::dup(options_.fd);
  if (copy >= 0 && ::close(copy) != 0)
    throw Error(Errc::output, "output.write_failed",
                fmt::format("could not write standard output: {}", std::generic_category().message(errno)));
}

}  // namespace ringctl::cmd
