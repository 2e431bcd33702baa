#pragma once
// People to be called back: by whom, and when. Calls leave such rows behind (apply.hpp), and people make
// them.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/log.hpp"

namespace ringctl::calls {

struct Callback {
  base::Uuid id;
  std::string phone_number, customer_name, contact_id, user_id, user_email, call_sid, notes;  ///< "" = none
  std::string status = "open";  ///< open, completed, canceled
  base::Instant due_at, created_at, updated_at;
  std::optional<base::Instant> completed_at = {};
  std::int64_t version = 1;
};

struct CallbackFilter {
  std::string status = {};  ///< "" = all
  std::optional<base::Uuid> user = {};
  bool unassigned = false;
  std::optional<base::Instant> due_until = {};  ///< due at or before
};

/// Inside a read transaction. The earliest due first; at most `limit` (0 = all).
void for_each(db::Connection&, const base::Uuid& workspace, const CallbackFilter&, std::int64_t limit,
              const std::function<void(const Callback&)>&);
std::int64_t count(db::Connection&, const base::Uuid& workspace, const CallbackFilter&);
/// Those of a contact, and those of nobody under one of these phones, in the order they were made.
void for_each_callback_of_person(db::Connection&, const base::Uuid& workspace, const base::Uuid& contact,
                                 const std::vector<std::string_view>& phones,
                                 const std::function<void(const Callback&)>&);
/// By id, the last eight digits of one, or the SID of the call it is for. Errc::not_found
/// [callbacks.unknown], Errc::conflict [callbacks.ambiguous].
Callback get_callback(db::Connection&, const base::Uuid& workspace, std::string_view what);

struct NewCallback {
  std::string phone_number;  ///< E.164
  std::optional<base::Uuid> contact = {}, user = {};
  std::string call_sid = {};  ///< of the call it is for; "" = none
  base::Instant due_at;
  std::string notes = {};
};

/// nullopt leaves alone; "" clears.
struct CallbackChange {
  std::optional<base::Instant> due_at = {};
  std::optional<std::string> notes = {};
  std::optional<std::string> status = {};  ///< a completed one that is opened again forgets when it was
  std::optional<std::optional<base::Uuid>> user = {};  ///< of an active user
};

struct CallbackEdit {
  std::optional<Callback> before;  ///< nullopt: it is new
  Callback after;
  bool changed = false;
};
struct CallbackOptions {
  bool write = true;
  std::optional<std::int64_t> if_version = {};  ///< Errc::conflict [callbacks.stale]
};

// Each in a transaction of its own, audited.
/// Errc::conflict [callbacks.exists] if the call has one; Errc::not_found [calls.unknown].
CallbackEdit add_callback(audit::Session&, const base::Uuid& workspace, const NewCallback&,
                          bool write = true);
CallbackEdit change_callback(audit::Session&, const base::Uuid& workspace, std::string_view what,
                             std::string_view action, const CallbackChange&, const CallbackOptions& = {});

}  // namespace ringctl::calls
