#include "cmd/output.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "base/error.hpp"
#include "cmd/pager.hpp"

namespace ringctl::cmd {

Output::Output(OutputOptions options) : options_(std::move(options)) {
  if (options_.path != "-")
    file_ = std::make_unique<base::AtomicFile>(options_.path);
  else if (options_.pager)
    paging_ = Paging::undecided;
}

Output::~Output() {
  if (pager_ > 0) {
    pipe_ = base::Fd();
    wait_for_pager();
  }
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
  // A pager that cannot be started is no reason to withhold the data.
  paging_ = started ? Paging::on : Paging::off;
  if (!started) return;
  pipe_ = std::move(started->input);
  pager_ = started->pid;
}

void Output::send() {
  if (buffer_.empty()) return;
  const std::string data = std::move(buffer_);
  buffer_.clear();
  counted_ = 0;
  if (file_) {
    file_->write(data);
  } else if (paging_ == Paging::on) {
    try {
      base::write_all(pipe_.get(), data, "the pager");
    } catch (const Error& error) {
      if (error.errc() != Errc::broken_pipe) throw;
      pipe_ = base::Fd();
      wait_for_pager();
      throw Error(Errc::ok, "pager.quit", "the pager was closed");
    }
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
  if (paging_ == Paging::on) {
    pipe_ = base::Fd();
    wait_for_pager();
    paging_ = Paging::off;
  }
}

void Output::close() {
  flush();
  if (file_) {
    if (!std::exchange(committed_, true)) file_->commit();
    return;
  }
  // Closing a duplicate makes network file systems report what they have not written, and keeps the
  // descriptor.
  const int copy = ::dup(options_.fd);
  if (copy >= 0 && ::close(copy) != 0)
    throw Error(Errc::output, "output.write_failed",
                fmt::format("could not write standard output: {}", std::generic_category().message(errno)));
}

void Output::wait_for_pager() {
  if (pager_ > 0) wait_for(pager_);
  pager_ = -1;
}

}  // namespace ringctl::cmd
