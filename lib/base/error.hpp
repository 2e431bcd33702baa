#pragma once
// The one exception type, and the exit statuses it carries. Rooms throw Error; main turns it into a message
// and the exit status. Where failing is an ordinary answer, functions return optionals or findings instead.

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace ringctl {

/// Why a command ended. The value is the exit status; `ringctl help exit-codes` prints this table.
enum class Errc {
  ok = 0,
  failure = 1,       ///< unclassified, or a bug
  usage = 2,         ///< bad flag, argument or command; missing input file; confirmation without a terminal
  partial = 3,       ///< bulk job finished, some rows rejected
  auth = 4,          ///< credentials missing, wrong or insufficient
  not_found = 5,     ///< the named object does not exist
  conflict = 6,      ///< exists with other values, stale version, duplicate
  invalid = 7,       ///< input failed validation; nothing was applied
  differs = 8,       ///< a check says no
  declined = 9,      ///< the user answered no; nothing changed
  config = 10,       ///< configuration or database missing or unreadable; a secret file too open
  locked = 11,       ///< another ringctl holds the lock
  schema = 12,       ///< database schema too old or too new for this binary
  twilio = 20,       ///< Twilio refused the request
  twilio_rate = 21,  ///< still 429 after retries
  twilio_down = 22,  ///< connect, TLS, timeout or 5xx after retries
  twilio_garbage = 23,   ///< the reply was not what the API promises
  unknown_outcome = 24,  ///< a call that must not be repeated may or may not have happened
  db_down = 30,          ///< database unreachable
  db_busy = 31,          ///< lock or serialization retries used up
  db_corrupt = 32,       ///< integrity check failed
  output = 40,           ///< could not write stdout, --out, rejects or journal
  timeout = 41,          ///< --timeout passed
  interrupted = 130,     ///< SIGINT
  broken_pipe = 141,     ///< SIGPIPE
  terminated = 143,      ///< SIGTERM
};

/// One row of the exit-status table.
struct ErrcInfo {
  Errc code;
  std::string_view name;     ///< "not-found"
  std::string_view meaning;  ///< one line
  std::string_view retry;    ///< "no", "yes", "after fixing", ...
};

/// Every exit status, ascending.
std::span<const ErrcInfo> errc_table();
const std::error_category& errc_category() noexcept;
std::error_code make_error_code(Errc) noexcept;

/// A failure that ends the command, or the request, it happened in.
/// what()    one lower-case line with the value that failed, no full stop
/// slug()    stable machine name, "noun.what_failed"
/// details() lines of cause, printed indented;  hint() a command to copy; both may be empty
class Error : public std::system_error {
 public:
  Error(Errc code, std::string slug, std::string message, std::string hint = {});

  Errc errc() const noexcept { return errc_; }
  const std::string& slug() const noexcept { return slug_; }
  const std::string& message() const noexcept { return message_; }
  const std::string& hint() const noexcept { return hint_; }
  const std::vector<std::string>& details() const noexcept { return details_; }
  const std::string& job_id() const noexcept { return job_id_; }
  /// Of a server that refused: how it names its answer, "" = not at all, and how long it asked to wait.
  const std::string& request_id() const noexcept { return request_id_; }
  std::optional<std::chrono::seconds> retry_after() const noexcept { return retry_after_; }
  const char* what() const noexcept override { return message_.c_str(); }

  Error& detail(std::string line) &;
  Error&& detail(std::string line) &&;
  /// Id of the job the failure belongs to; goes into JSON errors.
  Error&& job(std::string id) &&;
  /// So do these two.
  Error& answered(std::string request_id, std::optional<std::chrono::seconds> retry_after) &;
  /// The same, whatever else it holds, with another hint.
  Error with_hint(std::string hint) const;

 private:
  Errc errc_;
  std::string slug_, message_, hint_, job_id_, request_id_;
  std::optional<std::chrono::seconds> retry_after_;
  std::vector<std::string> details_;
};

}  // namespace ringctl

template <>
struct std::is_error_code_enum<ringctl::Errc> : std::true_type {};
