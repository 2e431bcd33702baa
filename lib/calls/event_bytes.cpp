// A version, then fields in a fixed order: numbers as variable-length integers, texts with their length
// before them, what may be missing behind a flag. Version 2 ends a decision with whether the call is
// uncounted; version 3 knows Answers::by_plan, which was written as accepted before;
// version 4 knows Answers::moved.

#include <fmt/format.h>

#include "base/error.hpp"
#include "calls/event.hpp"

namespace ringctl::calls {
namespace {

constexpr std::uint8_t k_first_version = 1, k_version = 4;

class EventCategory final : public std::error_category {
 public:
  const char* name() const noexcept override { return "ringctl.calls.event"; }
  std::string message(int code) const override {
    switch (static_cast<EventErrc>(code)) {
      case EventErrc::too_large:
        return "the event is too large";
      case EventErrc::truncated:
        return "the event is cut off";
      case EventErrc::trailing_bytes:
        return "there are bytes after the event";
      case EventErrc::unknown_version:
        return "the event was written by a newer ringctl";
      case EventErrc::bad_value:
        return "the event holds a value that it cannot hold";
    }
    return "unknown";
  }
};

class Writer {
 public:
  void byte(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) byte(static_cast<std::uint8_t>(value | 0x80));
    byte(static_cast<std::uint8_t>(value));
  }
  /// Small ones of either sign stay small.
  void integer(std::int64_t value) {
    number((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
  }
  void text(std::string_view value) {
    number(value.size());
    out_.append(value);
  }
  void instant(base::Instant value) { integer(value.time_since_epoch().count()); }
  void uuid(const base::Uuid& value) { out_.append(value.view()); }
  template <class T, class Write>
  void maybe(const std::optional<T>& value, Write&& write) {
    byte(value ? 1 : 0);
    if (value) write(*value);
  }
  void maybe_uuid(const std::optional<base::Uuid>& value) {
    maybe(value, [&](const base::Uuid& id) { uuid(id); });
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

/// After the first mistake everything reads as nothing.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  bool ok() const { return !error_; }
  std::error_code error() const { return error_; }
  bool at_end() const { return bytes_.empty(); }
  void fail(EventErrc why) {
    if (!error_) error_ = why;
    bytes_ = {};
  }

  std::uint8_t byte() {
    if (bytes_.empty()) {
      fail(EventErrc::truncated);
      return 0;
    }
    const auto value = static_cast<std::uint8_t>(bytes_.front());
    bytes_.remove_prefix(1);
    return value;
  }
  std::uint8_t byte_up_to(std::uint8_t most) {
    const auto value = byte();
    if (value > most) fail(EventErrc::bad_value);
    return value > most ? 0 : value;
  }
  bool flag() { return byte_up_to(1) == 1; }
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto next = byte();
      const std::uint64_t bits = next & 0x7fU;
      if ((bits << shift) >> shift != bits) break;
      value |= bits << shift;
      if ((next & 0x80U) == 0) return value;
    }
    fail(EventErrc::bad_value);
    return 0;
  }
  std::int64_t integer() {
    const auto value = number();
    return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
  }
  std::string text() {
    const auto size = number();
    if (size > bytes_.size()) {
      fail(EventErrc::truncated);
      return {};
    }
    std::string value(bytes_.substr(0, size));
    bytes_.remove_prefix(size);
    return value;
  }
  /// Years 0000 to 9999, which format_utc can write.
  base::Instant instant() {
    constexpr std::int64_t k_first = -62167219200000, k_last = 253402300799999;
    const auto value = integer();
    if (value < k_first || value > k_last) fail(EventErrc::bad_value);
    return base::Instant(std::chrono::milliseconds(ok() ? value : 0));
  }
  base::Uuid uuid() {
    constexpr std::size_t k_size = 36;
    const auto id = base::Uuid::try_parse(bytes_.substr(0, k_size));
    if (!id) {
      fail(bytes_.size() < k_size ? EventErrc::truncated : EventErrc::bad_value);
      return {};
    }
    bytes_.remove_prefix(k_size);
    return *id;
  }
  template <class Read>
  auto maybe(Read&& read) -> std::optional<decltype(read())> {
    if (!flag()) return std::nullopt;
    return read();
  }
  std::optional<base::Uuid> maybe_uuid() {
    return maybe([&] { return uuid(); });
  }

 private:
  std::string_view bytes_;
  std::error_code error_;
};

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

const std::error_category& event_category() noexcept {
  static const EventCategory k_category;
  return k_category;
}

std::error_code make_error_code(EventErrc code) noexcept {
  return {static_cast<int>(code), event_category()};
}

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
