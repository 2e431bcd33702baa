#include "base/error.hpp"

#include <algorithm>
#include <utility>

namespace ringctl {
namespace {

// cli.md's table; `ringctl help exit-codes` prints it.
constexpr ErrcInfo k_table[] = {
    {Errc::ok, "ok", "done, or nothing to do", "-"},
    {Errc::failure, "failure", "unclassified error or bug", "?"},
    {Errc::usage, "usage",
     "bad flag, argument, command or missing input file; several workspaces and none named; confirmation "
     "needed but no terminal",
     "no"},
    {Errc::partial, "partial", "bulk job finished, some rows rejected (an import keeps them with --rejects)",
     "after fixing"},
    {Errc::auth, "auth", "credentials missing, wrong or insufficient", "no"},
    {Errc::not_found, "not-found", "named object does not exist", "no"},
    {Errc::conflict, "conflict", "exists with other values, stale version, duplicate", "no"},
    {Errc::invalid, "invalid", "input data failed validation; nothing was applied", "no"},
    {Errc::differs, "differs", "a check says no", "no"},
    {Errc::declined, "declined", "user answered no; nothing changed", "no"},
    {Errc::config, "config", "config, profile or database missing or unreadable, or secret file too open",
     "no"},
    {Errc::locked, "locked", "another ringctl holds the lock (--lock-wait expired)", "yes"},
    {Errc::schema, "schema", "database schema too old or too new for this binary (run ringctl db migrate)",
     "no"},
    {Errc::twilio, "twilio", "Twilio refused the request (4xx other than auth, not-found, rate)", "no"},
    {Errc::twilio_rate, "twilio-rate", "still 429 after retries", "yes"},
    {Errc::twilio_down, "twilio-down", "connect, TLS, timeout or 5xx after retries", "yes"},
    {Errc::twilio_garbage, "twilio-garbage", "reply was not what the API promises", "maybe"},
    {Errc::unknown_outcome, "unknown-outcome",
     "a non-idempotent call may or may not have happened; reconcile with ringctl jobs resolve", "no"},
    {Errc::db_down, "db-down", "database unreachable, failover not finished in time", "yes"},
    {Errc::db_busy, "db-busy", "lock or serialization retries used up", "yes"},
    {Errc::db_corrupt, "db-corrupt", "integrity check failed", "no"},
    {Errc::output, "output", "could not write stdout, --out, rejects or journal (disk full, I/O)",
     "after space"},
    {Errc::timeout, "timeout", "--timeout passed", "yes"},
    {Errc::interrupted, "signal", "SIGINT", "-"},
    {Errc::broken_pipe, "signal", "SIGPIPE", "-"},
    {Errc::terminated, "signal", "SIGTERM", "-"},
};

class Category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "ringctl"; }
  std::string message(int value) const override {
    const auto* row = std::ranges::find(k_table, static_cast<Errc>(value), &ErrcInfo::code);
    return row == std::end(k_table) ? "exit status " + std::to_string(value) : std::string(row->meaning);
  }
};

}  // namespace

std::span<const ErrcInfo> errc_table() { return k_table; }

const std::error_category& errc_category() noexcept {
  static const Category category;
  return category;
}

std::error_code make_error_code(Errc code) noexcept { return {static_cast<int>(code), errc_category()}; }

Error::Error(Errc code, std::string slug, std::string message, std::string hint)
    : std::system_error(make_error_code(code)),
      errc_(code),
      slug_(std::move(slug)),
      message_(std::move(message)),
      hint_(std::move(hint)) {}

Error& Error::detail(std::string line) & {
  details_.push_back(std::move(line));
  return *this;
}

Error&& Error::detail(std::string line) && {
  details_.push_back(std::move(line));
  return std::move(*this);
}

Error&& Error::job(std::string id) && {
  job_id_ = std::move(id);
  return std::move(*this);
}

Error& Error::answered(std::string request_id, std::optional<std::chrono::seconds> retry_after) & {
  request_id_ = std::move(request_id);
  retry_after_ = retry_after;
  return *this;
}

Error Error::with_hint(std::string hint) const {
  auto same = *this;
  same.hint_ = std::move(hint);
  return same;
}

}  // namespace ringctl
