#pragma once
// Everything that is kept of one person, as the law may ask to be told: one JSON document. The counterpart of
// erase_contact() (directory/contacts.hpp): a table that gets its line there gets one here.

#include <cstdint>

#include "base/uuid.hpp"
#include "db/connection.hpp"
#include "report/sink.hpp"

namespace ringctl::report {

struct PersonCounts {
  std::int64_t calls = 0, attempts = 0, events = 0, recordings = 0, callbacks = 0, opt_outs = 0,
               audit_rows = 0, messages = 0;
};

/// Inside a read transaction on the workspace.
/// {"schema":1,"contact":{...,"made_by":{"job","file","actor","at","id"} or null},"assignments":[...],
/// "opt_outs":[...],"stops":[...],"calls":[{...,"attempts":[...],"recordings":[...],"events":[...]}],
/// "messages":[{...,"notifications":[...],"events":[...]}],"callbacks":[...],"reservations":[...],
/// "consultations":[...],"requests":[...],"holds":[...],"imports":[...],"audit":[...]}:
/// lists by time, times in UTC, values as they are stored; webhooks as Twilio sent them, requests as they
/// were sent there. Also what stands under one of the person's phones without the contact's id. Calls are
/// streamed: memory is one call with what belongs to it. Recordings are links, the sound is at Twilio. Who of
/// ours is in it is named by e-mail. Throws Errc::not_found [contacts.unknown].
PersonCounts write_person(db::Connection&, const base::Uuid& workspace, const base::Uuid& contact,
                          const Sink&);

}  // namespace ringctl::report
