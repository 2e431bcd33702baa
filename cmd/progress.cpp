#include "cmd/progress.hpp"

#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "base/text.hpp"
#include "base/zone.hpp"
#include "cmd/io.hpp"
#include "cmd/json_text.hpp"

namespace ringctl::cmd {
namespace {

using namespace std::chrono_literals;

std::chrono::milliseconds interval(ProgressMode mode) {
  if (mode == ProgressMode::tty) return 100ms;
  return mode == ProgressMode::json ? 1s : 10s;
}

}  // namespace

Progress::Progress(int fd, const base::Clock& clock, ProgressMode mode, std::string what,
                   std::optional<std::uint64_t> total, int width, std::string_view unit)
    : fd_(fd),
      clock_(&clock),
      mode_(mode),
      what_(std::move(what)),
      total_(total),
      width_(width),
      unit_(unit),
      started_(clock.steady()),
      due_(started_ + interval(mode)) {}

Progress::Progress(Progress&& other) noexcept
    : fd_(other.fd_),
      clock_(other.clock_),
      mode_(other.mode_),
      what_(std::move(other.what_)),
      total_(other.total_),
      width_(other.width_),
      unit_(other.unit_),
      started_(other.started_),
      due_(other.due_),
      drawn_(std::exchange(other.drawn_, false)) {}

Progress::~Progress() {
  if (drawn_) write_quietly(fd_, "\r\x1b[K");
}

void Progress::update(std::uint64_t done, std::uint64_t failed) {
  if (mode_ == ProgressMode::none) return;
  const auto now = clock_->steady();
  if (now < due_) return;
  due_ = now + interval(mode_);
  if (mode_ == ProgressMode::json) return write_quietly(fd_, json(done, failed, now));
  const auto text = line(done, failed, now);
  if (mode_ == ProgressMode::plain) return write_quietly(fd_, text + "\n");
  const auto room = static_cast<std::size_t>(width_ > 1 ? width_ - 1 : 79);
  write_quietly(fd_, fmt::format("\r{}\x1b[K", fit(visible(text), room)));
  drawn_ = true;
}

double Progress::rate(std::uint64_t done, Time now) const {
  const std::chrono::duration<double> elapsed = now - started_;
  return elapsed.count() > 0 ? static_cast<double>(done) / elapsed.count() : 0;
}

std::optional<std::chrono::seconds> Progress::remaining(std::uint64_t done, Time now) const {
  const auto per_second = rate(done, now);
  if (!total_ || *total_ < done || per_second <= 0) return std::nullopt;
  return std::chrono::seconds(static_cast<std::int64_t>(static_cast<double>(*total_ - done) / per_second));
}

std::string Progress::line(std::uint64_t done, std::uint64_t failed, Time now) const {
  auto text = fmt::format("{}: {}", what_, base::group_digits(done));
  auto out = std::back_inserter(text);
  if (total_) {
    fmt::format_to(out, " of {}", base::group_digits(*total_));
    if (*total_ > 0) fmt::format_to(out, " ({}%)", done * 100 / *total_);
  }
  fmt::format_to(out, ", {} {}/s", base::group_digits(static_cast<std::uint64_t>(rate(done, now))), unit_);
  if (const auto left = remaining(done, now)) fmt::format_to(out, ", {} left", base::format_duration(*left));
  if (failed > 0) fmt::format_to(out, ", {} failed", base::group_digits(failed));
  return text;
}

std::string Progress::json(std::uint64_t done, std::uint64_t failed, Time now) const {
  std::string text = R"({"progress":)";
  append_json(text, std::string_view(what_));
  auto out = std::back_inserter(text);
  fmt::format_to(out, R"(,"done":{},"failed":{},"rows_per_s":{})", done, failed,
                 static_cast<std::uint64_t>(rate(done, now)));
  if (total_) fmt::format_to(out, R"(,"total":{})", *total_);
  if (const auto left = remaining(done, now)) fmt::format_to(out, R"(,"remaining_s":{})", left->count());
  return text + "}\n";
}

}  // namespace ringctl::cmd
