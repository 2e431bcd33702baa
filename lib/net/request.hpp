#pragma once
// What a handler gets: one request that passed the gate, as views that live as long as the handler's call.

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "net/gate.hpp"

namespace ringctl::net {

struct Request {
  std::string_view method = {};  ///< GET HEAD POST PUT PATCH DELETE OPTIONS
  std::string_view target = {};  ///< as it came, what Twilio signed: path and query
  std::string_view path = {};    ///< raw, canonical (see canonical_path), up to the '?'
  std::string_view query = {};   ///< behind the '?', raw
  std::span<const Field> fields = {};
  std::string_view body = {};    ///< chunks put together; trailers are gone
  std::string_view remote = {};  ///< address without port; "unix" for a Unix socket
  std::string_view id = {};      ///< UUIDv7 of this request, for logs
  std::size_t endpoint = 0;      ///< which of those given to Server::listen()
  bool secure = false;           ///< came over TLS
  /// Limits::in_flight requests wait for their answer already: give the safe answer, at once and from memory.
  bool overloaded = false;

  /// Value of the first field of this name.
  std::optional<std::string_view> header(std::string_view name) const noexcept;
  std::size_t header_count(std::string_view name) const noexcept;
};

}  // namespace ringctl::net
