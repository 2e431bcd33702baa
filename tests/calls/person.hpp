#pragma once
// Lin, a contact with one phone, and the calls of it.

#include "calls/desk.hpp"
#include "directory/contacts.hpp"

namespace ringctl::test {

struct Person : Desk {
  explicit Person(db::Engine engine) : Desk(engine), contact(alice.ids.next()) {
    exec(
        "INSERT INTO contacts (id, workspace_id, phone_number, name, created_at, updated_at) "
        "VALUES ($1, $2, $3, 'Lin Park', $4, $4)",
        {contact, workspace, k_caller, clock.now()});
    exec(
        "INSERT INTO contact_phones (contact_id, workspace_id, phone_number, position) VALUES ($1, $2, $3, 0)",
        {contact, workspace, k_caller});
  }
  /// A call of which it was known who calls.
  calls::Event known(int n, int seconds = 0) const {
    auto e = inbound(n, seconds);
    e.decision->contact = contact;
    return e;
  }
  void erase() { directory::erase_contact(session(), workspace, contact, true); }
  /// All that the log holds, as text.
  std::string log() {
    std::string all;
    for (const auto* table :
         {"calls", "call_attempts", "call_events", "recordings", "callbacks", "audit_images"})
      all += rows(fmt::format("SELECT * FROM {} WHERE workspace_id = $1", table));
    return all;
  }
  base::Uuid contact;
};

inline bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace ringctl::test
