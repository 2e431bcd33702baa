#include "http/trace.hpp"

#include <algorithm>
#include <array>

#include "base/log.hpp"
#include "base/text.hpp"

namespace ringctl::http {
namespace {

constexpr auto k_harmless = std::to_array<std::string_view>({
    "accept",
    "connection",
    "content-length",
    "content-type",
    "date",
    "retry-after",
    "server",
    "transfer-encoding",
    "twilio-concurrent-requests",
    "twilio-request-duration",
    "twilio-request-id",
    "user-agent",
});

constexpr auto k_level = base::LogLevel::trace;

}  // namespace

std::string fields_text(const Fields& fields) {
  std::string text;
  for (const auto& [key, value] : fields) {
    const auto name = base::ascii_lower(key);
    const bool shown = std::ranges::find(k_harmless, name) != k_harmless.end();
    text.append(text.empty() ? "" : " ").append(name).append("=").append(shown ? value : "***");
  }
  return text;
}

void trace_request(const Request& request, std::string_view redacted_url) {
  if (!base::log_enabled(k_level)) return;
  const auto fields = fields_text(request.fields);
  base::log(k_level, "http.request",
            {{"method", std::string_view(request.method)},
             {"url", redacted_url},
             {"login", std::string_view(request.login ? "***" : "")},
             {"bytes", static_cast<std::int64_t>(request.body.size())},
             {"fields", std::string_view(fields)}});
}

void trace_outcome(const Outcome& outcome, std::string_view redacted_url) {
  if (!base::log_enabled(k_level)) return;
  if (const auto* const failure = std::get_if<Failure>(&outcome)) {
    base::log(k_level, slug_of(failure->fault),
              {{"url", redacted_url}, {"why", std::string_view(failure->message)}});
    return;
  }
  const auto& response = std::get<Response>(outcome);
  const auto fields = fields_text(response.fields);
  base::log(k_level, "http.answer",
            {{"status", std::int64_t{response.status}},
             {"url", redacted_url},
             {"dur_ms", std::chrono::duration<double, std::milli>(response.elapsed).count()},
             {"bytes", static_cast<std::int64_t>(response.body.size())},
             {"fields", std::string_view(fields)}});
}

}  // namespace ringctl::http
