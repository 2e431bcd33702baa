// What the applier makes of the journal's records.

#include "serve/bookkeeping.hpp"

#include "messages/desk.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using namespace ringctl::serve;
using test::k_from;
using test::slug_of;

namespace {

const std::string k_unknown = "+12025550177", k_others_number = "+12025550160";

db::Engine any_engine() { return GENERATE(from_range(test::engines())); }

struct Books : test::TextDesk {
  explicit Books(db::Engine engine) : TextDesk(engine), other(database.add_workspace("other")) {
    join(ann_id);
    add_number(other, k_others_number);
  }

  void add_number(const base::Uuid& of, const std::string& number) {
    db::in_transaction(db(), db::Scope::of(of), [&] {
      db().exec(
          "INSERT INTO phone_numbers (id, workspace_id, phone_number, provider, status, created_at, updated_at) "
          "VALUES ($1, $2, $3, 'twilio', 'active', $4, $4)",
          {alice.ids.next(), of, number, clock.now()});
    });
  }
  void take_only(const base::Uuid& of, const std::string& accounts) {
    db::in_transaction(db(), db::Scope::of(of), [&] {
      db().exec("UPDATE workspaces SET twilio_accounts = $2 WHERE id = $1", {of, accounts});
    });
  }
  /// Of this workspace; nullopt: as it came while nobody knew whose the number is.
  messages::Event text_of(int n, const std::optional<base::Uuid>& whose,
                          const std::string& to = k_from) const {
    auto event = text(n);
    event.workspace = whose;
    event.main_account = true;
    for (auto& [name, value] : event.parameters)
      if (name == "To") value = to;
    return event;
  }
  /// As one batch; how often something was queued for a webhook.
  int apply_records(const std::vector<std::string>& bytes) {
    int queued = 0;
    const auto take = apply_events([this] { return database.connect(); }, clock, [&] { ++queued; });
    std::vector<Record> records;
    std::uint64_t sequence = 0;
    for (const auto& one : bytes)
      records.push_back({.sequence = ++sequence, .at = clock.now(), .bytes = one});
    take(records);
    return queued;
  }
  std::int64_t count_of(const std::string& table, const base::Uuid& of) {
    const db::Transaction transaction(db(), db::Scope::of(of), db::Access::read);
    return db()
        .integer(fmt::format("SELECT count(*) FROM {} WHERE workspace_id = $1", table), {of})
        .value_or(0);
  }

  base::Uuid other;
};

}  // namespace

TEST_CASE("calls and messages of several workspaces are applied together, and again without a trace",
          "[serve]") {
  Books f(any_engine());
  f.set_hook();
  const std::vector<std::string> records{calls::to_bytes(f.inbound(1)),
                                         messages::to_bytes(f.text_of(1, f.workspace)),
                                         messages::to_bytes(f.text_of(2, f.other, k_others_number)),
                                         messages::to_bytes(f.text_of(3, f.workspace)),
                                         calls::to_bytes(f.Desk::status(1, "completed", 2, 30, 20))};
  CHECK(f.apply_records(records) == 2);  // once for each run of the workspace with a webhook
  const auto check = [&] {
    CHECK(f.count_of("calls", f.workspace) == 1);
    CHECK(f.count_of("messages", f.workspace) == 2);
    CHECK(f.count_of("notifications", f.workspace) == 2);
    CHECK(f.count_of("message_deliveries", f.workspace) == 2);
    CHECK(f.count_of("messages", f.other) == 1);
    CHECK(f.count_of("message_deliveries", f.other) == 0);
    CHECK(f.rows("SELECT status FROM calls WHERE workspace_id = $1") == "missed\n");
  };
  check();
  CHECK(f.apply_records(records) == 0);
  check();
}

TEST_CASE("a message without a workspace gets that of its number", "[serve]") {
  Books f(any_engine());
  f.apply_records({messages::to_bytes(f.text_of(1, std::nullopt)),
                   messages::to_bytes(f.text_of(2, std::nullopt, k_others_number))});
  CHECK(f.count_of("messages", f.workspace) == 1);
  CHECK(f.count_of("messages", f.other) == 1);
  // Of a status callback it is the number that the message was sent from.
  auto status = f.status(3, "sent", 40);
  status.main_account = true;
  CHECK(workspace_of(f.db(), status) == f.workspace);
}

TEST_CASE("a message without a workspace, to nobody's number, is its account's only workspace's", "[serve]") {
  Books f(any_engine());
  const auto event = f.text_of(1, std::nullopt, k_unknown);
  CHECK(slug_of([&] { workspace_of(f.db(), event); }) == "messages.nobodys");
  f.take_only(f.other, R"(["ACfedcba9876543210fedcba9876543210"])");
  CHECK(workspace_of(f.db(), event) == f.workspace);
  f.take_only(f.workspace, fmt::format(R"(["{}"])", test::k_account));
  auto of_another = event;
  of_another.main_account = false;
  CHECK(workspace_of(f.db(), of_another) == f.workspace);  // it has the account by name
  f.take_only(f.other, fmt::format(R"(["{}"])", test::k_account));
  CHECK(slug_of([&] { workspace_of(f.db(), event); }) == "messages.nobodys");
}

TEST_CASE("whoever has a number gets nothing of an account that is not theirs", "[serve]") {
  Books f(any_engine());
  auto event = f.text_of(1, std::nullopt);
  event.main_account = false;
  CHECK(slug_of([&] { workspace_of(f.db(), event); }) == "messages.nobodys");
  CHECK(slug_of([&] { f.apply_records({messages::to_bytes(event)}); }) == "messages.nobodys");
  CHECK(f.count_of("messages", f.workspace) == 0);
}

TEST_CASE("a record that is about neither a call nor a message is refused, and says which it is", "[serve]") {
  Books f(db::Engine::sqlite);
  auto damaged = messages::to_bytes(f.text_of(1, f.workspace));
  damaged.resize(damaged.size() / 2);
  for (const auto& bytes : {std::string("no event"), std::string(), damaged}) {
    const auto error = test::error_of([&] { f.apply_records({bytes}); });
    REQUIRE(error);
    CHECK(error->slug() == "journal.not_an_event");
    CHECK(error->message().starts_with("record 1 of the journal"));
  }
}
