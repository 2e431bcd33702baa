#include "twilio/rest_parts.hpp"

#include <fmt/format.h>

namespace ringctl::twilio {

Error incomplete(std::string_view what) {
  return {Errc::twilio_garbage, "twilio.garbage",
          fmt::format("the answer is not what the API gives: an item of {} lacks what it has to have", what)};
}

std::optional<Reply> find(Client& client, const Ask& ask) {
  auto outcome = client.try_send(ask);
  if (auto* const reply = std::get_if<Reply>(&outcome)) return std::move(*reply);
  const auto& failed = std::get<Failed>(outcome);
  if (failed.kind == Failed::Kind::not_found) return std::nullopt;
  throw to_error(failed);
}

bool remove(Client& client, const Ask& ask) { return find(client, ask).has_value(); }

void add_days(Fields& query, std::string_view name, std::optional<base::Instant> since,
              std::optional<base::Instant> until) {
  const auto day = [](base::Instant at) { return base::format_utc(at).substr(0, 10); };
  if (since) query.emplace_back(fmt::format("{}>", name), day(*since - std::chrono::days(1)));
  if (until) query.emplace_back(fmt::format("{}<", name), day(*until + std::chrono::days(1)));
}

std::string under(std::string_view folder, std::string_view id, std::string_view rest) {
  return fmt::format("{}/{}{}", folder, encoded(id), rest);
}

}  // namespace ringctl::twilio
