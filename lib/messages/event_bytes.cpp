// A version that is a letter, for an event of a call begins with a small number; then fields in a fixed
// order.

#include <fmt/format.h>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "calls/event.hpp"
#include "messages/event.hpp"

namespace ringctl::messages {
namespace {

using calls::k_most_event_bytes, calls::k_most_parameters;

constexpr std::uint8_t k_first_version = 'A', k_version = 'A', k_last_version = 'Z';

Kind read_kind(base::ByteReader& from) {
  const auto kind = from.byte_up_to(static_cast<std::uint8_t>(Kind::status));
  if (kind == 0) from.fail(base::BytesErrc::bad_value);
  return static_cast<Kind>(kind);
}

void read_parameters(base::ByteReader& from, Event& event) {
  const auto count = from.number();
  if (count > k_most_parameters) return from.fail(base::BytesErrc::too_large);
  for (std::uint64_t i = 0; i < count && from.ok(); ++i) {
    auto name = from.text();
    event.parameters.emplace_back(std::move(name), from.text());
  }
}

Event read_event(base::ByteReader& from) {
  Event event;
  event.kind = read_kind(from);
  event.workspace = from.maybe_uuid();
  event.main_account = from.flag();
  event.message_sid = from.text();
  event.status = from.text();
  event.message = from.maybe_uuid();
  event.received_at = from.instant();
  read_parameters(from, event);
  return event;
}

}  // namespace

bool is_message(std::string_view bytes) {
  const auto version = bytes.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(bytes.front());
  return version >= k_first_version && version <= k_last_version;
}

std::string to_bytes(const Event& event) {
  base::ByteWriter to;
  to.byte(k_version);
  to.byte(static_cast<std::uint8_t>(event.kind));
  to.maybe_uuid(event.workspace);
  to.byte(event.main_account ? 1 : 0);
  to.text(event.message_sid);
  to.text(event.status);
  to.maybe_uuid(event.message);
  to.instant(event.received_at);
  to.number(event.parameters.size());
  for (const auto& [name, value] : event.parameters) {
    to.text(name);
    to.text(value);
  }
  auto bytes = to.take();
  if (bytes.size() > k_most_event_bytes || event.parameters.size() > k_most_parameters)
    throw Error(Errc::invalid, "messages.event_too_large",
                fmt::format("an event of {} bytes and {} parameters", bytes.size(), event.parameters.size()));
  return bytes;
}

std::optional<Event> try_from_bytes(std::string_view bytes, std::error_code& error) {
  error.clear();
  base::ByteReader from(bytes);
  if (bytes.size() > k_most_event_bytes) from.fail(base::BytesErrc::too_large);
  if (const auto version = from.byte(); from.ok() && version != k_version)
    from.fail(is_message(bytes) ? base::BytesErrc::unknown_version : base::BytesErrc::bad_value);
  auto event = read_event(from);
  if (from.ok() && !from.at_end()) from.fail(base::BytesErrc::trailing_bytes);
  if (from.ok()) return event;
  error = from.error();
  return std::nullopt;
}

}  // namespace ringctl::messages
