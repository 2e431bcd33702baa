#include "net/connection_table.hpp"

#include <fmt/format.h>

#include <utility>

#include "net/connection.hpp"

namespace ringctl::net {

ConnectionTable::ConnectionTable(Shared& shared, std::function<void()> wake)
    : shared_(shared),
      mailbox_(std::make_shared<Mailbox>([this](Answer&& answer) { deliver(std::move(answer)); },
                                         std::move(wake))),
      ids_(shared.clock),
      now_(shared.clock.steady()) {
  write_date();
}

ConnectionTable::~ConnectionTable() { mailbox_->close(); }

void ConnectionTable::own() { mailbox_->own(); }

void ConnectionTable::deliver(Answer&& answer) {
  // A copy: the answer may close the connection, which takes it out of its slot.
  const auto connection = slots_[answer.slot];
  if (!connection) {
    if (answer.response) tally_.count(Counter::late);
    return;
  }
  // A handler that answers others' requests too: each might lead to the next handler, one inside the other.
  if (at_handler_ != nullptr && at_handler_ != connection.get()) return mailbox_->later(std::move(answer));
  refresh();
  connection->answer(answer.serial, std::move(answer.response));
}

void ConnectionTable::admit(std::unique_ptr<Transport> transport, Origin origin) {
  refresh();
  tally_.count(Counter::accepted);
  const auto open = ++shared_.open;
  struct Undo {  // for want of memory
    std::atomic<std::size_t>* open;
    ~Undo() {
      if (open != nullptr) --*open;
    }
  } undo{&shared_.open};
  const bool too_many = open > limits().connections;
  if (too_many && (transport->secure() || turned_away_ >= limits().refusals_at_once)) {
    // A handshake only to say no would cost more than the connection.
    tally_.count(Refusal::too_many_connections);
    transport->close();
    return;
  }
  if (open > limits().soft_connections) close_idle();
  const auto slot = free_slot();
  const auto connection = std::make_shared<Connection>(*this, std::move(transport), std::move(origin), slot);
  slots_[slot] = connection;
  undo.open = nullptr;
  if (too_many) {
    ++turned_away_;
    connection->turn_away();
  } else {
    connection->start();
  }
}

std::size_t ConnectionTable::free_slot() {
  if (free_.empty()) {
    slots_.emplace_back();
    free_.reserve(slots_.capacity());  // so that release() never needs memory
    return slots_.size() - 1;
  }
  const auto slot = free_.back();
  free_.pop_back();
  return slot;
}

void ConnectionTable::release(std::size_t slot) {
  slots_[slot].reset();
  free_.push_back(slot);
  if (--shared_.open == 0 && shared_.draining) {
    const std::lock_guard guard(shared_.mutex);
    shared_.changed.notify_all();
  }
}

void ConnectionTable::sweep() {
  refresh();
  write_date();
  collect();  // in case a wake was lost for want of memory
  for (std::size_t i = 0; i < slots_.size(); ++i)
    if (slots_[i] && slots_[i]->deadline() <= now_) std::shared_ptr(slots_[i])->check();
}

void ConnectionTable::drain() {
  refresh();
  for (std::size_t i = 0; i < slots_.size(); ++i)
    if (const auto connection = slots_[i]) connection->drain();
}

void ConnectionTable::close_all() {
  mailbox_->close();
  for (std::size_t i = 0; i < slots_.size(); ++i)
    if (const auto connection = slots_[i]) {
      tally_.count(Counter::cut);
      connection->close();
    }
}

bool ConnectionTable::close_idle() {
  if (idle_.empty()) return false;
  tally_.count(Counter::closed_idle);
  idle_.front()->shared_from_this()->close();
  return true;
}

void ConnectionTable::write_date() {
  static constexpr const char* k_days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* k_months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto now = shared_.clock.now();
  const auto day = std::chrono::floor<std::chrono::days>(now);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(now - day));
  date_.clear();
  fmt::format_to(std::back_inserter(date_), "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                 k_days[std::chrono::weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
                 k_months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                 time.hours().count(), time.minutes().count(), time.seconds().count());
}

}  // namespace ringctl::net
