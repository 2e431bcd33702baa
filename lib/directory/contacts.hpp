#pragma once
// Contacts (people who call us or whom we call), described: a person with phones, and with the users who look
// after them.

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "records/records.hpp"

namespace ringctl::directory {

enum ContactField : std::size_t {
  k_contact_phone_number,
  k_contact_phones,
  k_contact_name,
  k_contact_lead_status,
  k_contact_product,
  k_contact_market,
  k_contact_state,
  k_contact_country,
  k_contact_tags,
  k_contact_agents,
  k_contact_notes,
};
/// phone_number (key: the first phone), phones (further ones), name, lead_status, product, market, state,
/// country, tags, agents (e-mails), notes. A phone belongs to one contact of a workspace; find() takes any.
const records::Noun& contacts_noun();

// Each as Records::update(); `key` is any phone or the id.
/// The user looks after the contact too.
records::Plan assign_contact(records::Records& contacts, std::string_view key, std::string_view email,
                             bool write);
/// And no longer.
records::Plan unassign_contact(records::Records& contacts, std::string_view key, std::string_view email,
                               bool write);
/// On a line of its own under the notes there are.
records::Plan add_note(records::Records& contacts, std::string_view key, std::string_view note, bool write);

/// Removes the person for good: every phone, the name, tags, notes, and what audit and jobs remember of them
/// under the contact or any of its phones; of its calls and callbacks the number, the name, notes, plan and
/// what Twilio sent; of its messages the number, text, media and what Twilio sent. What can be counted stays
/// under the contact's id: that there was one, its status, product, market, state, country, and who looked
/// after it until when. Opt-outs stay, so that nobody calls or texts the person again. Errc::conflict
/// [contacts.erased], or [contacts.held] while a legal hold is on the contact or on one of its calls.
void erase_contact(audit::Session&, const base::Uuid& workspace, const base::Uuid& contact, bool write);

// Inside the caller's transaction.
/// The phones that a contact has, and those it had that nobody else has now: what stands under them is of
/// this person.
std::set<std::string> phones_ever_of(db::Connection&, const base::Uuid& workspace, const base::Uuid& contact);
/// What Twilio puts before a phone that texts by another channel than SMS.
inline constexpr std::string_view k_message_channels[] = {"rcs:", "whatsapp:"};
/// What a person with these phones texts from: the phones, and Twilio's addresses of their channels.
std::vector<std::string> messaging_addresses(const std::set<std::string>& phones);
/// What Twilio was asked to do with one of the phones: to ring or text it, or to ring somebody else about a
/// call with it. Ids of twilio_effects by time.
std::vector<base::Uuid> effects_about(db::Connection&, const base::Uuid& workspace,
                                      const std::set<std::string>& phones);
/// How many contacts a user looks after.
std::int64_t count_contacts_of(db::Connection&, const base::Uuid& workspace, const base::Uuid& user);
/// To another user, or to nobody. One audit row for all: there can be as many as contacts.
void hand_over_contacts(audit::Session&, const base::Uuid& workspace, const records::Record& from,
                        const std::optional<records::Record>& to);

}  // namespace ringctl::directory
