#pragma once
// What a Client holds. Internal to this room.

#include <mutex>

#include "twilio/client_engine.hpp"

namespace ringctl::twilio {

struct Client::Impl {
  Impl(ClientOptions given, const base::Clock& at)
      : options(std::move(given)), clock(at), engine(options, at, options.slots.get()) {}

  /// Of a failure: a signal and the like are told as what they are.
  [[noreturn]] void fail(const Failed&) const;
  /// One place is kept, the others are for other processes.
  void rest() {
    if (options.slots) options.slots->hold(1, engine.in_flight());
  }

  ClientOptions options;
  const base::Clock& clock;
  Engine engine;
  /// While pages are fetched by another thread and places are counted: one request at a time, for a single
  /// place is held.
  std::recursive_mutex wire;
  int paging = 0;
};

}  // namespace ringctl::twilio
