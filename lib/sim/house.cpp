#include "sim/house.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>

#include "base/error.hpp"

namespace ringctl::sim {
namespace {

using namespace std::chrono_literals;

/// A journal that is gone with the run needs no disk that it can trust.
class QuickDisk final : public serve::Disk {
 public:
  std::error_code create(const std::filesystem::path& path, base::Fd& fd) override {
    return system_.create(path, fd);
  }
  std::error_code open(const std::filesystem::path& path, base::Fd& fd) override {
    return system_.open(path, fd);
  }
  std::error_code grow(int fd, std::uint64_t bytes) override {
    return ::ftruncate(fd, static_cast<off_t>(bytes)) == 0 ? std::error_code()
                                                           : std::error_code(errno, std::generic_category());
  }
  std::error_code write(int fd, std::string_view first, std::string_view second,
                        std::uint64_t offset) override {
    return system_.write(fd, first, second, offset);
  }
  std::error_code sync(int) override { return {}; }
  std::error_code rename(const std::filesystem::path& from, const std::filesystem::path& to) override {
    return system_.rename(from, to);
  }
  std::error_code remove(const std::filesystem::path& path) override { return system_.remove(path); }
  std::error_code sync_folder(const std::filesystem::path&) override { return {}; }

 private:
  serve::Disk& system_ = serve::system_disk();
};

/// Webhooks that only tell, or go by a plan that was made before: they decide nothing by the estate.
bool decides(std::string_view url) {
  static constexpr auto k_telling = std::to_array<std::string_view>(
      {"/status", "/recording", "/wait/", "/accept/", "/accepted/", "/consent", "/voicemail"});
  const auto path = url.substr(0, url.find_first_of("?#"));
  return std::ranges::none_of(
      k_telling, [&](std::string_view part) { return path.find(part) != std::string_view::npos; });
}

Error stuck() {
  return {Errc::failure, "sim.serve_stuck", "serve did not bring all that it was told to the database",
          "the same with --verbose says what it met"};
}

}  // namespace

/// The scenario's day and the machine's seconds.
class House::WallClock final : public base::Clock {
 public:
  explicit WallClock(const base::Clock& day) : day_(day) {}
  base::Instant now() const override { return day_.now(); }
  std::chrono::steady_clock::time_point steady() const override { return system_.steady(); }

 private:
  const base::Clock& day_;
  base::SystemClock system_;
};

House::House(HouseOptions options, const base::Clock& scenario_clock)
    : options_(std::move(options)),
      clock_(std::make_unique<WallClock>(scenario_clock)),
      disk_(std::make_unique<QuickDisk>()) {}

House::~House() = default;

serve::ServiceOptions House::options() const {
  serve::ServiceOptions options;
  options.listen = {net::Endpoint::parse("127.0.0.1:0")};
  options.webhooks.public_url = options_.public_url;
  options.webhooks.account_sid = options_.account_sid;
  options.webhooks.tokens.push_back(options_.auth_token);
  options.webhooks.deadline = options.webhooks.record_deadline = options_.patience;
  options.webhooks.first_draw = options_.seed;
  options.books.state = options_.state;
  options.books.journal.bounds = {.max_bytes = 64U << 20U, .segment_bytes = 1U << 20U};
  options.books.disk = disk_.get();
  // The estate is read when it is asked for, never in between. Of what was heard in this very millisecond the
  // database may not know yet.
  options.estates.every = 24h;
  options.estates.lag = 1ms;
  options.estates.gap = 24h * 3650;
  options.lookups.threads = options_.on_server ? 1 : 0;
  options.lookups.answer = options_.patience;
  options.tokens.pool.threads = options.lookups.threads;
  return options;
}

void House::start() {
  if (service_) return;
  service_ = std::make_unique<serve::Service>(options(), options_.open, *clock_);
  service_->start();
  base_ = fmt::format("http://127.0.0.1:{}", service_->port());
}

void House::stop() {
  if (!service_) return;
  base_ = k_nowhere;
  const auto ending = std::move(service_);
  if (!ending->settle(options_.patience) || !ending->stop()) throw stuck();
}

void House::settle() {
  if (service_ && !service_->settle(options_.patience)) throw stuck();
}

void HouseTransport::send(http::Request request, Done done) {
  if (request.url.starts_with(House::k_nowhere)) {
    try {
      if (decides(request.url)) house_.settle();
    } catch (const Error&) {
      agenda_.in(0ms, [failure = std::current_exception()] { std::rethrow_exception(failure); });
      return;
    }
    request.url = house_.base() + request.url.substr(House::k_nowhere.size());
  }
  through_.send(std::move(request), std::move(done));
}

}  // namespace ringctl::sim
