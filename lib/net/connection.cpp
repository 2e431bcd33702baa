// pump() steps from phase to phase until something has to be waited for; events and answers only record what
// happened and pump. A handler that answers at once therefore recurses nowhere, however many requests are
// pipelined.
#include "net/connection.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "net/request.hpp"

namespace ringctl::net {
namespace {

constexpr std::string_view k_continue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr std::string_view k_allow = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
constexpr std::size_t k_least_read = 1024;
constexpr std::size_t k_output_kept = 16 * 1024;

Response plain(int status) {
  Response response;
  response.status = status;
  if (status == 503) response.headers.emplace_back("Retry-After", "1");
  return response;
}

}  // namespace

Connection::Connection(ConnectionTable& table, std::unique_ptr<Transport> transport, Origin origin,
                       std::size_t slot)
    : table_(table),
      transport_(std::move(transport)),
      origin_(std::move(origin)),
      slot_(slot),
      head_(table.limits()),
      chunks_(table.limits()),
      place_{this},
      node_(place_.begin()) {}

// ---- what starts and ends it

void Connection::start() {
  if (transport_->secure()) {
    enter(Phase::handshake, table_.limits().handshake);
    transport_->handshake(shared_from_this());
    return;
  }
  enter_idle();
  pump();
}

void Connection::on_handshake(bool ok) {
  table_.refresh();
  if (phase_ != Phase::handshake) return;
  if (!ok) {
    table_.tally().count(Counter::handshakes_failed);
    close();
    return;
  }
  enter_idle();
  pump();
}

void Connection::turn_away() {
  turned_away_ = true;
  refuse(Refusal::too_many_connections);
  pump();
}

void Connection::close() {
  if (phase_ == Phase::closed) return;
  leave_handling();
  if (phase_ == Phase::idle) place_.splice(place_.begin(), table_.idle(), node_);
  phase_ = Phase::closed;
  transport_->close();
  if (turned_away_) table_.turned_away_one_less();
  table_.release(slot_);
}

void Connection::drain() {
  if (phase_ != Phase::idle) return;
  deadline_ = std::min(deadline_, table_.now() + table_.limits().drain_idle);
}

// ---- phases

void Connection::enter(Phase phase, milliseconds allowed) {
  if (phase_ == Phase::idle && phase != Phase::idle) place_.splice(place_.begin(), table_.idle(), node_);
  phase_ = phase;
  deadline_ = table_.now() + allowed;
}

void Connection::enter_idle() {
  // The first request's header time runs from the start; connections that never speak are idle ones all the
  // same.
  const bool fresh = requests_ == 0;
  enter(Phase::idle, fresh ? table_.limits().header_time : table_.limits().idle);
  table_.idle().splice(table_.idle().end(), place_, node_);
  if (table_.shared().draining) drain();
}

void Connection::pump() {
  if (pumping_) return;
  pumping_ = true;
  while (step()) {
  }
  pumping_ = false;
}

/// False when the next event decides.
bool Connection::step() {
  switch (phase_) {
    case Phase::idle:
      if (input_.empty()) return start_read(1);
      enter(Phase::head, table_.limits().header_time);
      return true;
    case Phase::head:
      return read_head();
    case Phase::body:
      return read_body();
    case Phase::writing:
      return send();
    default:
      return false;
  }
}

bool Connection::start_read(std::size_t wanted) {
  if (reading_) return false;
  const auto* const before = input_.data();
  input_.reserve(std::max(wanted, k_least_read));
  if (input_.data() != before && before != nullptr) head_.moved(before, input_.data());
  reading_ = true;
  transport_->read(input_.room(), input_.room_size(), shared_from_this());
  return false;
}

void Connection::on_read(std::size_t n) {
  table_.refresh();
  reading_ = false;
  switch (phase_) {
    case Phase::idle:
      if (n == 0) return close();
      break;
    case Phase::head:
    case Phase::body:
      if (n == 0) {
        table_.tally().count(Counter::aborted);
        return close();
      }
      break;
    case Phase::lingering:
      discarded_ += n;
      if (n == 0 || discarded_ > table_.limits().linger_bytes) return close();
      return discard();
    default:
      return;  // read while a 408 was on its way out
  }
  input_.came(n);
  pump();
}

// ---- a request comes in

bool Connection::read_head() {
  switch (head_.read(input_.bytes())) {
    case Progress::more:
      return start_read(1);
    case Progress::refused:
      refuse(head_.refusal());
      return true;
    case Progress::done:
      break;
  }
  return head_done();
}

bool Connection::head_done() {
  const auto& head = head_.head();
  if (head.framing == Framing::none || (head.framing == Framing::length && head.length == 0))
    return body_done(0);
  chunks_.reset();
  chunk_body_ = 0;
  body_since_ = table_.now();
  enter(Phase::body, table_.limits().body_time);
  if (head.expects_continue && input_.size() == head.size) {
    output_ = k_continue;
    interim_ = true;
    release(milliseconds(0));
  }
  return true;
}

bool Connection::read_body() {
  const auto& head = head_.head();
  const auto there = input_.size() - head.size;
  auto received = there;
  std::size_t wanted = 1;
  if (head.framing == Framing::length) {
    const auto length = static_cast<std::size_t>(head.length);
    if (there >= length) return body_done(length);
    wanted = length - there;
  } else {
    auto end = there;
    const auto progress = chunks_.read(input_.data() + head.size, chunk_body_, end);
    input_.resize(head.size + end);
    received = chunk_body_;
    if (progress == Progress::done) return body_done(chunk_body_);
    if (progress == Progress::refused) {
      refuse(chunks_.refusal());
      return true;
    }
  }
  const auto earned = milliseconds(received * 1000 / std::max<std::size_t>(table_.limits().body_rate, 1));
  deadline_ = body_since_ + table_.limits().body_time + earned;
  return start_read(wanted);
}

Request Connection::request(std::size_t body_size) {
  const auto& head = head_.head();
  Request request;
  request.method = head.method;
  request.target = head.target;
  request.path = head.path;
  request.query = head.query;
  request.fields = head.fields;
  request.body = input_.bytes().substr(head.size, body_size);
  request.remote = origin_.remote;
  request.endpoint = origin_.endpoint;
  request.secure = transport_->secure();
  return request;
}

bool Connection::body_done(std::size_t body_size) {
  const auto& head = head_.head();
  consumed_ = head.size + body_size;
  serial_ = table_.next_serial();
  keep_ = !head.close && ++requests_ < table_.limits().requests_per_connection;
  linger_ = !head.close;
  enter(Phase::handling, table_.limits().handler_time);
  auto& shared = table_.shared();
  auto taken = request(body_size);
  taken.overloaded = shared.in_flight.fetch_add(1, std::memory_order_relaxed) >= table_.limits().in_flight;
  table_.tally().count(Counter::requests);
  if (taken.overloaded) table_.tally().count(Counter::overloaded);
  const auto id = table_.ids().next();
  taken.id = id.view();
  call_handler(taken);
  return phase_ != Phase::handling;
}

void Connection::call_handler(const Request& request) {
  auto* const outer = std::exchange(table_.at_handler(), this);
  let_go_ = false;
  bool failed = false;
  try {
    table_.shared().handler(request, Respond(table_.mailbox(), slot_, serial_));
  } catch (...) {  // whatever it was: the caller on the line must get an answer
    failed = true;
  }
  table_.at_handler() = outer;
  if (failed) table_.tally().count(Counter::failed);
  if (phase_ != Phase::handling) return;
  if (failed) return answer_plainly(500);
  if (let_go_) {
    table_.tally().count(Counter::dropped);
    answer_plainly(503);
  }
}

// ---- the answer goes out

void Connection::answer(std::uint64_t serial, std::optional<Response>&& response) {
  if (phase_ != Phase::handling || serial != serial_) {
    if (response) table_.tally().count(Counter::late);
    return;
  }
  if (!response && table_.at_handler() == this) {
    let_go_ = true;  // or unwound by what the handler threw: call_handler() knows
    return;
  }
  if (response && response->drop) return close();
  if (!response) {
    table_.tally().count(Counter::dropped);
    answer_plainly(503);
  } else if (valid_response(*response)) {
    respond(*response);
  } else {
    table_.tally().count(Counter::invalid_responses);
    answer_plainly(500);
  }
  pump();
}

void Connection::leave_handling() {
  if (phase_ == Phase::handling) table_.shared().in_flight.fetch_sub(1, std::memory_order_relaxed);
}

void Connection::answer_plainly(int status) { respond(plain(status)); }

void Connection::respond(const Response& response) {
  leave_handling();
  keep_ =
      keep_ && !response.close && !response.cut && !table_.shared().draining.load(std::memory_order_relaxed);
  output_.clear();
  write_response(response, {table_.date(), head_.head().method == "HEAD", !keep_}, output_);
  if (response.cut) {
    constexpr std::string_view k_end_of_head = "\r\n\r\n";
    const auto head = output_.find(k_end_of_head) + k_end_of_head.size();
    output_.resize(std::min(output_.size(), head + *response.cut));
  }
  release(response.drip);
}

/// What is in output_ may go out from here on.
void Connection::release(milliseconds drip) {
  sent_ = 0;
  drip_ = drip;
  released_ = drip > milliseconds(0) ? std::min<std::size_t>(1, output_.size()) : output_.size();
  enter(Phase::writing, drip > milliseconds(0) ? drip : table_.limits().write_stall);
}

/// A response after which nothing more is read: what follows in the input cannot be trusted, or nobody waits
/// for it.
void Connection::last_words(const Response& response) {
  keep_ = false;
  linger_ = true;
  respond(response);
}

void Connection::refuse(Refusal refusal) {
  table_.tally().count(refusal);
  table_.shared().refusals.note(refusal, origin_.remote, table_.now());
  Response response;
  response.status = refusal_status(refusal);
  if (refusal == Refusal::method_refused) response.headers.emplace_back("Allow", k_allow);
  if (refusal == Refusal::too_many_connections) response.headers.emplace_back("Retry-After", "1");
  last_words(response);
}

void Connection::time_out(Counter counter, int status) {
  table_.tally().count(counter);
  last_words(plain(status));
  pump();
}

bool Connection::send() {
  std::size_t n = 0;
  const auto rest = std::string_view(output_).substr(sent_, released_ - sent_);
  if (rest.empty() && sent_ < output_.size()) return false;  // the next drop falls by its time
  switch (transport_->write_now(rest, n)) {
    case Transport::Sent::some:
      sent_ += n;
      return sent_ < output_.size() || sent_all();
    case Transport::Sent::would_block:
      transport_->write(rest, shared_from_this());
      return false;
    case Transport::Sent::broken:
      break;
  }
  table_.tally().count(Counter::aborted);
  close();
  return false;
}

void Connection::on_written(std::size_t n) {
  table_.refresh();
  if (phase_ != Phase::writing) return;
  if (n == 0) {
    table_.tally().count(Counter::aborted);
    return close();
  }
  sent_ += n;
  deadline_ = table_.now() + (released_ < output_.size() ? drip_ : table_.limits().write_stall);
  if (sent_ < output_.size() || sent_all()) pump();
}

bool Connection::sent_all() {
  if (std::exchange(interim_, false)) {
    body_since_ = table_.now();
    enter(Phase::body, table_.limits().body_time);
    return true;
  }
  table_.tally().count(Counter::responses);
  if (output_.capacity() > k_output_kept) output_ = std::string();
  if (!keep_) return finish();
  input_.consume(consumed_);
  if (input_.empty()) input_.trim();
  head_.reset();
  enter_idle();
  return true;
}

/// Closes so that the response arrives: a socket closed with unread input is reset, and the reset overtakes
/// it.
bool Connection::finish() {
  linger_ = linger_ || input_.size() > consumed_;
  if (!linger_ && !transport_->secure()) {
    close();
    return false;
  }
  enter(Phase::shutting, table_.limits().linger);
  transport_->shut_down(shared_from_this());
  return false;
}

void Connection::on_shut_down() {
  table_.refresh();
  if (phase_ != Phase::shutting) return;
  if (!linger_) return close();
  phase_ = Phase::lingering;  // by the deadline of the shutdown
  discard();
}

void Connection::discard() {
  if (reading_) return;
  input_.consume(input_.size());
  input_.reserve(k_least_read);
  reading_ = true;
  transport_->discard(input_.room(), input_.room_size(), shared_from_this());
}

// ---- time

void Connection::check() {
  auto& tally = table_.tally();
  switch (phase_) {
    case Phase::handshake:
      tally.count(Counter::timeout_handshake);
      return close();
    case Phase::idle:
      // A request that came in time, and that this thread was too busy to read.
      if (transport_->has_input()) return;
      if (!table_.shared().draining)
        tally.count(requests_ == 0 ? Counter::timeout_header : Counter::timeout_idle);
      return close();
    case Phase::head:
      return time_out(Counter::timeout_header, 408);
    case Phase::body:
      return time_out(Counter::timeout_body, 408);
    case Phase::handling:
      return time_out(Counter::timeout_handler, 503);
    case Phase::writing:
      if (released_ < output_.size() && sent_ == released_) {
        ++released_;
        deadline_ = table_.now() + drip_;
        return pump();
      }
      tally.count(Counter::timeout_write);
      return close();
    case Phase::shutting:
    case Phase::lingering:
      return close();
    case Phase::closed:
      break;
  }
}

}  // namespace ringctl::net
