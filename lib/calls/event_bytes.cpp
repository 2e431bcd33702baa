// A version, then fields in a fixed order: numbers as variable-length integers, texts with their length
// before them, what may be missing behind a flag. Version 2 ends a decision with whether the call is
// uncounted; version 3 knows Answers::by_plan, which was written as accepted before;
// version 4 knows Answers::moved.

#include <fmt/format.h>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "calls/event.hpp"

namespace ringctl::calls {
namespace {

using Writer = base::ByteWriter;
using Reader = base::ByteReader;

constexpr std::uint8_t k_first_version = 1, k_version = 4;

void write(Writer& to, const Decision& decision) {
  for (const auto* id : {&decision.number, &decision.contact, &decision.user, &decision.reservation})
    to.maybe_uuid(*id);
  for (const auto* text : {&decision.customer_name, &decision.from_number, &decision.to_number,
                           &decision.routed_by, &decision.rule, &decision.plan, &decision.refusal})
    to.text(*text);
  to.byte(decision.uncounted ? 1 : 0);
}

Decision read_decision(Reader& from, std::uint8_t version) {
  Decision decision;
  for (auto* id : {&decision.number, &decision.contact, &decision.user, &decision.reservation})
    *id = from.maybe_uuid();
  for (auto* text : {&decision.customer_name, &decision.from_number, &decision.to_number, &decision.routed_by,
                     &decision.rule, &decision.plan, &decision.refusal})
    *text = from.text();
  if (version >= 2) decision.uncounted = from.flag();
  return decision;
}

void write_parameters(Writer& to, const Event& event) {
  to.number(event.parameters.size());
  for (const auto& [name, value] : event.parameters) {
    to.text(name);
    to.text(value);
  }
}

void read_parameters(Reader& from, Event& event) {
  const auto count = from.number();
  if (count > k_most_parameters) return from.fail(EventErrc::too_large);
  for (std::uint64_t i = 0; i < count && from.ok(); ++i) {
    auto name = from.text();
    event.parameters.emplace_back(std::move(name), from.text());
  }
}

Kind read_kind(Reader& from) {
  const auto kind = from.byte_up_to(static_cast<std::uint8_t>(Kind::recording));
  if (kind == 0) from.fail(EventErrc::bad_value);
  return static_cast<Kind>(kind);
}

/// Without its plan a phone had no user, and was taken for one whose pick-up is no answer.
Answers read_answers(Reader& from, const Event& event, std::uint8_t version) {
  const auto last = version >= 4 ? Answers::moved : version >= 3 ? Answers::by_plan : Answers::never;
  const auto answers = static_cast<Answers>(from.byte_up_to(static_cast<std::uint8_t>(last)));
  const bool unsure = version < 3 && answers == Answers::accepted && !event.user;
  return unsure ? Answers::by_plan : answers;
}

Event read_event(Reader& from, std::uint8_t version) {
  Event event;
  event.kind = read_kind(from);
  event.workspace = from.uuid();
  event.call_sid = from.text();
  event.parent_sid = from.text();
  event.status = from.text();
  event.sequence = from.maybe([&] { return from.integer(); });
  event.timestamp = from.maybe([&] { return from.instant(); });
  event.received_at = from.instant();
  event.token = from.text();
  read_parameters(from, event);
  event.place = from.maybe([&] {
    const auto step = from.integer();
    return Place{step, from.integer()};
  });
  event.party = from.text();
  event.user = from.maybe_uuid();
  event.answers = read_answers(from, event, version);
  event.asks_call_back = from.flag();
  event.decision = from.maybe([&] { return read_decision(from, version); });
  return event;
}

}  // namespace

std::string to_bytes(const Event& event) {
  Writer to;
  to.byte(k_version);
  to.byte(static_cast<std::uint8_t>(event.kind));
  to.uuid(event.workspace);
  to.text(event.call_sid);
  to.text(event.parent_sid);
  to.text(event.status);
  to.maybe(event.sequence, [&](std::int64_t n) { to.integer(n); });
  to.maybe(event.timestamp, [&](base::Instant at) { to.instant(at); });
  to.instant(event.received_at);
  to.text(event.token);
  write_parameters(to, event);
  to.maybe(event.place, [&](const Place& place) {
    to.integer(place.step);
    to.integer(place.wave);
  });
  to.text(event.party);
  to.maybe_uuid(event.user);
  to.byte(static_cast<std::uint8_t>(event.answers));
  to.byte(event.asks_call_back ? 1 : 0);
  to.maybe(event.decision, [&](const Decision& decision) { write(to, decision); });
  auto bytes = to.take();
  if (bytes.size() > k_most_event_bytes || event.parameters.size() > k_most_parameters)
    throw Error(Errc::invalid, "calls.event_too_large",
                fmt::format("an event of {} bytes and {} parameters", bytes.size(), event.parameters.size()));
  return bytes;
}

std::optional<Event> try_from_bytes(std::string_view bytes, std::error_code& error) {
  error.clear();
  Reader from(bytes);
  if (bytes.size() > k_most_event_bytes) from.fail(EventErrc::too_large);
  const auto version = from.byte();
  if (from.ok() && (version < k_first_version || version > k_version))
    from.fail(version > k_version ? EventErrc::unknown_version : EventErrc::bad_value);
  auto event = read_event(from, version);
  if (from.ok() && !from.at_end()) from.fail(EventErrc::trailing_bytes);
  if (from.ok()) return event;
  error = from.error();
  return std::nullopt;
}

}  // namespace ringctl::calls
