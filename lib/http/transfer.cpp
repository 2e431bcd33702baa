// Whether a request may have been executed is read off one moment: libcurl calls on_going_out() when there is
// a connection and the request is about to be written to it. Before that nothing of it has gone out.
//
// libcurl itself sends a request again when a connection that it used again turns out to be dead, although
// the server may have read the request before it died. That would buy twice, so that only idempotent requests
// may go out a second time.
#include "http/transfer.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <new>
#include <stdexcept>

#include "base/text.hpp"
#include "http/outside_url.hpp"
#include "http/trace.hpp"

namespace ringctl::http {
namespace {

template <class Value>
void set(const Easy& easy, CURLoption option, Value value) {
  const auto code = curl_easy_setopt(easy.get(), option, value);
  if (code == CURLE_OUT_OF_MEMORY) throw std::bad_alloc();
  if (code != CURLE_OK)
    throw std::logic_error(
        fmt::format("libcurl takes no option {}: {}", static_cast<int>(option), curl_easy_strerror(code)));
}

bool is_token(std::string_view text) {
  constexpr std::string_view k_marks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [&](unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           k_marks.find(static_cast<char>(c)) != std::string_view::npos;
  });
}

bool is_field_value(std::string_view text) {
  return std::ranges::none_of(text, [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7F; });
}

void require_sound(const Request& request) {
  const auto bad = [](std::string_view what) {
    return Error(Errc::usage, "http.bad_request", fmt::format("{} cannot stand in a request", what));
  };
  if (!is_token(request.method)) throw bad("the method " + base::in_quotes(request.method));
  for (const auto& [name, value] : request.fields) {
    if (!is_token(name)) throw bad("the field " + base::in_quotes(name));
    if (!is_field_value(value)) throw bad("the value of " + name);  // which may be a secret
  }
}

bool has_field(const Request& request, std::string_view name) {
  return std::ranges::any_of(request.fields,
                             [&](const auto& field) { return base::ascii_lower(field.first) == name; });
}

void append(List& list, const std::string& line) {
  auto* const longer = curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) throw std::bad_alloc();
  static_cast<void>(list.release());
  list.reset(longer);
}

/// Read at a time: a page of a list is over a million bytes, and each piece wakes both sides up.
constexpr long k_read_size = 256L * 1024;

/// To libcurl none is no limit.
long at_least_one(std::chrono::milliseconds time) { return std::max<long>(1, time.count()); }

/// The one that libcurl takes for https URLs; "" = none.
std::string proxy_of_environment() {
  constexpr std::array k_names = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
  for (const auto* const name : k_names)
    if (const auto* const value = std::getenv(name); value != nullptr && *value != 0) return value;
  return {};
}

/// As libcurl tells of a connection: no scope, no port.
bool is_outside_text(const char* text) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  sockaddr_storage address{};
  if (::inet_pton(AF_INET, text, &v4.sin_addr) == 1)
    std::memcpy(&address, &v4, sizeof v4);
  else if (::inet_pton(AF_INET6, text, &v6.sin6_addr) == 1)
    std::memcpy(&address, &v6, sizeof v6);
  else
    return false;
  return is_outside(reinterpret_cast<const sockaddr&>(address));  // as every socket call takes it
}

/// "5 s", "1.5 s"
std::string seconds_text(std::chrono::milliseconds time) {
  return fmt::format("{:g} s", std::chrono::duration<double>(time).count());
}

}  // namespace

Transfer::Transfer(Request request, Session::Done done)
    : request_(std::move(request)), done_(std::move(done)), url_(parse_url(request_.url)) {
  require_sound(request_);
}

void Transfer::prepare(const SessionOptions& options) {
  easy_.reset(curl_easy_init());
  if (!easy_) throw std::bad_alloc();
  set(easy_, CURLOPT_PRIVATE, this);
  set(easy_, CURLOPT_ERRORBUFFER, detail_.data());
  set(easy_, CURLOPT_URL, request_.url.c_str());
  set(easy_, CURLOPT_PATH_AS_IS, 1L);
  if (!request_.unix_socket.empty()) set(easy_, CURLOPT_UNIX_SOCKET_PATH, request_.unix_socket.c_str());
  set(easy_, CURLOPT_NOSIGNAL, 1L);
  set(easy_, CURLOPT_TIMEOUT_MS, at_least_one(request_.timeout));
  set(easy_, CURLOPT_CONNECTTIMEOUT_MS, at_least_one(request_.connect_timeout));
  set(easy_, CURLOPT_QUICK_EXIT, 1L);  // or else a name service that hangs would hold up the deadline
  set_method();
  set_fields(options.user_agent);
  set_security(options);
  if (request_.outside_only) set_outside_only();

  set(easy_, CURLOPT_PREREQFUNCTION, &Transfer::on_going_out);
  set(easy_, CURLOPT_PREREQDATA, this);
  set(easy_, CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  set(easy_, CURLOPT_HEADERDATA, this);
  set(easy_, CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  set(easy_, CURLOPT_WRITEDATA, this);
  set(easy_, CURLOPT_BUFFERSIZE, k_read_size);
  if (request_.method != "HEAD")
    set(easy_, CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(request_.max_body));
  trace_request(request_, url_.redacted);
}

void Transfer::set_method() {
  if (request_.method == "HEAD") return set(easy_, CURLOPT_NOBODY, 1L);
  if (!request_.body.empty() || request_.method == "POST") {
    set(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    set(easy_, CURLOPT_POSTFIELDS, request_.body.data());
  }
  set(easy_, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
}

void Transfer::set_fields(const std::string& user_agent) {
  // libcurl's way of an empty value, and of leaving out what it would send of its own accord.
  for (const auto& [name, value] : request_.fields)
    append(fields_, value.empty() ? name + ";" : fmt::format("{}: {}", name, value));
  append(fields_, "Expect:");
  if (!request_.body.empty() && !has_field(request_, "content-type")) append(fields_, "Content-Type:");
  set(easy_, CURLOPT_HTTPHEADER, fields_.get());
  set(easy_, CURLOPT_USERAGENT, user_agent.c_str());
  if (!request_.login) return;
  set(easy_, CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
  set(easy_, CURLOPT_USERNAME, request_.login->user.c_str());
  set(easy_, CURLOPT_PASSWORD, request_.login->password.reveal().c_str());
}

void Transfer::set_security(const SessionOptions& options) {
  set(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  set(easy_, CURLOPT_FOLLOWLOCATION, 0L);
  set(easy_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(easy_, CURLOPT_SSL_VERIFYPEER, 1L);
  set(easy_, CURLOPT_SSL_VERIFYHOST, 2L);
  set(easy_, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(easy_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  if (!options.ca_file.empty()) set(easy_, CURLOPT_CAINFO, options.ca_file.c_str());
  if (!url_.secure) set(easy_, CURLOPT_PROXY, "");  // to this machine in the clear, and to no other first
}

/// Addresses are looked at when they are known, for what a name leads to is its owner's choice, and may be
/// another one the next time it is asked for.
void Transfer::set_outside_only() {
  const auto proxy = url_.secure ? proxy_of_environment() : std::string();
  set(easy_, CURLOPT_PROXY, proxy.c_str());
  set(easy_, CURLOPT_NOPROXY, "");
  looks_at_addresses_ = proxy.empty();
  if (!looks_at_addresses_) return;
  set(easy_, CURLOPT_OPENSOCKETFUNCTION, &Transfer::on_connecting);
  set(easy_, CURLOPT_OPENSOCKETDATA, this);
}

curl_socket_t Transfer::on_connecting(void* self, curlsocktype, curl_sockaddr* to) noexcept {
  auto& transfer = *static_cast<Transfer*>(self);
  if (!is_outside(to->addr)) {
    transfer.led_inside_ = true;
    return CURL_SOCKET_BAD;
  }
  return ::socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

int Transfer::on_going_out(void* self, char* address, char*, int, int) noexcept {
  auto& transfer = *static_cast<Transfer*>(self);
  // Over a connection that another request opened, which may go anywhere.
  if (transfer.looks_at_addresses_ && !is_outside_text(address)) {
    transfer.led_inside_ = true;
    return CURL_PREREQFUNC_ABORT;
  }
  const bool again = ++transfer.sendings_ > 1;
  return again && !is_idempotent(transfer.request_.method) ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

std::size_t Transfer::on_header(char*, std::size_t size, std::size_t count, void* self) noexcept {
  auto& transfer = *static_cast<Transfer*>(self);
  transfer.header_size_ += size * count;
  transfer.header_too_large_ = transfer.header_size_ > transfer.request_.max_header;
  return transfer.header_too_large_ ? 0 : size * count;
}

std::size_t Transfer::on_body(char* bytes, std::size_t size, std::size_t count, void* self) noexcept {
  auto& transfer = *static_cast<Transfer*>(self);
  transfer.body_too_large_ = size * count > transfer.request_.max_body - transfer.body_.size();
  if (transfer.body_too_large_) return 0;
  try {
    transfer.body_.append(bytes, size * count);
  } catch (const std::bad_alloc&) {  // nothing may be thrown through libcurl
    return 0;
  }
  return size * count;
}

Fault Transfer::fault_of(CURLcode code) const {
  if (header_too_large_ || body_too_large_) return Fault::too_large;
  const bool went_out = sendings_ > 0;
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return Fault::timeout;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ENGINE_INITFAILED:
      return Fault::tls;
    case CURLE_FILESIZE_EXCEEDED:
      return Fault::too_large;
    case CURLE_UNSUPPORTED_PROTOCOL:  // "HTTP/0.9": anything that begins otherwise
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
      return Fault::garbage;
    case CURLE_OUT_OF_MEMORY:  // one line of a header that does not end
#if LIBCURL_VERSION_NUM >= 0x080600
    case CURLE_TOO_LARGE:
#endif
      return went_out ? Fault::too_large : Fault::unreachable;
    default:
      return went_out ? Fault::broken : Fault::unreachable;
  }
}

Failure Transfer::failure(CURLcode code) const {
  const auto fault = fault_of(code);
  const bool went_out = sendings_ > 0;
  const std::string detail = detail_.front() != 0 ? detail_.data() : curl_easy_strerror(code);
  const auto say = [&]() -> std::string {
    switch (fault) {
      case Fault::unreachable:
        if (led_inside_)
          return fmt::format("{} leads to an address of this machine or of a private network", url_.server);
        return fmt::format("{} cannot be reached: {}", url_.server, detail);
      case Fault::tls:
        return fmt::format("there is no safe connection to {}: {}", url_.server, detail);
      case Fault::timeout:
        if (went_out)
          return fmt::format("{} did not answer within {}", url_.server, seconds_text(request_.timeout));
        return fmt::format("{} could not be reached within {}", url_.server,
                           seconds_text(std::min(request_.connect_timeout, request_.timeout)));
      case Fault::garbage:
        return fmt::format("what {} answered is no HTTP: {}", url_.server, detail);
      case Fault::too_large:
        return body_too_large_ || code == CURLE_FILESIZE_EXCEEDED
                   ? fmt::format("the answer of {} is longer than {} bytes", url_.server, request_.max_body)
                   : fmt::format("the header of {}'s answer is longer than {} bytes", url_.server,
                                 request_.max_header);
      case Fault::broken:
      case Fault::cancelled:
        break;
    }
    return sendings_ > 1
               ? fmt::format("{} ended a connection that was kept before it answered", url_.server)
               : fmt::format("{} ended the connection before its answer was whole: {}", url_.server, detail);
  };
  return {fault, went_out, say()};
}

Response Transfer::response() const {
  Response response;
  long status = 0;
  curl_off_t elapsed = 0, retry_after = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(easy_.get(), CURLINFO_TOTAL_TIME_T, &elapsed);
  curl_easy_getinfo(easy_.get(), CURLINFO_RETRY_AFTER, &retry_after);
  response.status = static_cast<int>(status);
  response.elapsed = std::chrono::microseconds(elapsed);
  if (retry_after > 0) response.retry_after = std::chrono::seconds(retry_after);
  for (curl_header* at = nullptr; (at = curl_easy_nextheader(easy_.get(), CURLH_HEADER, -1, at)) != nullptr;)
    response.fields.emplace_back(at->name, at->value);
  return response;
}

void Transfer::tell(Outcome outcome) {
  trace_outcome(outcome, url_.redacted);
  done_(std::move(outcome));
}

void Transfer::finish(CURLcode code) {
  if (code != CURLE_OK) return tell(failure(code));
  auto whole = response();
  whole.body = std::move(body_);
  tell(std::move(whole));
}

void Transfer::cancel() {
  tell(Failure{Fault::cancelled, sendings_ > 0, fmt::format("stopped before {} answered", url_.server)});
}

}  // namespace ringctl::http
