#pragma once
// One request on its way, and what has come back so far. Internal to this room.

#include <array>
#include <cstddef>
#include <functional>

#include "http/handles.hpp"
#include "http/message.hpp"
#include "http/session.hpp"
#include "http/url.hpp"

namespace ringctl::http {

class Transfer {
 public:
  /// Throws what Session::start() does. Neither copied nor moved: libcurl knows where it is.
  Transfer(Request, Session::Done);
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  /// Makes it ready to go out; its time runs from when the handle is added.
  void prepare(const SessionOptions&);
  CURL* handle() const { return easy_.get(); }
  bool awaited() const { return request_.awaited; }

  /// What became of it, and whoever waits is told. The handle belongs to no multi handle any more.
  void finish(CURLcode);
  void cancel();

 private:
  void set_method();
  void set_fields(const std::string& user_agent);
  void set_security(const SessionOptions&);
  void set_outside_only();
  Failure failure(CURLcode) const;
  Response response() const;
  Fault fault_of(CURLcode) const;
  void tell(Outcome);

  static std::size_t on_header(char*, std::size_t, std::size_t, void* self) noexcept;
  static std::size_t on_body(char*, std::size_t, std::size_t, void* self) noexcept;
  static int on_going_out(void* self, char* address, char*, int, int) noexcept;
  static curl_socket_t on_connecting(void* self, curlsocktype, curl_sockaddr*) noexcept;

  Request request_;
  Session::Done done_;
  Url url_;
  Easy easy_;
  List fields_;
  std::array<char, CURL_ERROR_SIZE> detail_{};
  std::string body_;
  std::size_t header_size_ = 0;
  int sendings_ = 0;  ///< how often libcurl began to write the request
  bool header_too_large_ = false, body_too_large_ = false;
  bool looks_at_addresses_ = false;  ///< Request::outside_only, and nothing stands in between
  bool led_inside_ = false;          ///< one of them was not outside
};

}  // namespace ringctl::http
