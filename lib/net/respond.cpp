#include "net/respond.hpp"

#include <utility>

#include "net/mailbox.hpp"

namespace ringctl::net {

Respond::Respond(std::shared_ptr<Mailbox> mailbox, std::size_t slot, std::uint64_t serial) noexcept
    : mailbox_(std::move(mailbox)), slot_(slot), serial_(serial) {}

Respond& Respond::operator=(Respond&& other) noexcept {
  if (this != &other) {
    drop();
    mailbox_ = std::move(other.mailbox_);
    slot_ = other.slot_;
    serial_ = other.serial_;
  }
  return *this;
}

Respond::~Respond() { drop(); }

void Respond::operator()(Response response) noexcept {
  if (const auto mailbox = std::exchange(mailbox_, nullptr))
    mailbox->put({slot_, serial_, std::move(response)});
}

void Respond::drop() noexcept {
  if (const auto mailbox = std::exchange(mailbox_, nullptr)) mailbox->put({slot_, serial_, std::nullopt});
}

}  // namespace ringctl::net
