// What a cursor takes for the database it was made on.

#include "messages/cursor.hpp"

#include "messages/desk.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using messages::Cursor;
using test::message_sid;
using test::TextDesk;

namespace {

db::Engine any_engine() { return GENERATE(from_range(test::engines())); }

const auto k_workspace = base::Uuid::parse("0190f5fe-7c00-7a00-8000-000000000001");
const std::string k_id = "0190f5fe-7c00-7a00-8000-000000000002";

/// Two texts, and one of ours.
struct Log : TextDesk {
  explicit Log(db::Engine engine) : TextDesk(engine) {
    apply({text(1), text(2)});
    send(3);
  }
  std::string refusal(const Cursor& cursor) {
    return test::slug_of([&] {
      read([&] {
        messages::require_own(db(), workspace, cursor);
        return 0;
      });
    });
  }
  std::string id(int n) { return message(n).id.text(); }
  Cursor kept(std::int64_t place, const std::string& id) const {
    return {.workspace = workspace, .place = place, .message = id};
  }
  Cursor changed(std::int64_t place, const std::string& id = {}) const {
    return {.workspace = workspace, .place = place, .message = id, .of = Cursor::Of::changed};
  }
  Cursor to_come() {
    return read([&] { return messages::changes_to_come(db(), workspace); });
  }
  void remove(int n) {
    exec("DELETE FROM notifications WHERE workspace_id = $1", {workspace});
    exec("DELETE FROM messages WHERE message_sid = $1", {message_sid(n)});
  }
};

}  // namespace

TEST_CASE("each kind of cursor of messages is read back as it was, and neither is taken for the other",
          "[messages]") {
  const Cursor kept{.workspace = k_workspace, .place = 7, .message = k_id};
  const Cursor changed{.workspace = k_workspace, .place = 9, .message = k_id, .of = Cursor::Of::changed};
  const auto first = messages::parse_cursor(messages::cursor_text(kept), Cursor::Of::kept);
  CHECK(first.workspace == k_workspace);
  CHECK(first.place == 7);
  CHECK(first.message == k_id);
  const auto second = messages::parse_cursor(messages::cursor_text(changed), Cursor::Of::changed);
  CHECK(second.place == 9);
  CHECK(second.of == Cursor::Of::changed);
  CHECK(messages::cursor_text(second) == messages::cursor_text(changed));
  const auto refused = [](const Cursor& cursor, Cursor::Of of) {
    return test::slug_of([&] { messages::parse_cursor(messages::cursor_text(cursor), of); });
  };
  CHECK(refused(changed, Cursor::Of::kept) == "messages.bad_cursor");
  CHECK(refused(kept, Cursor::Of::changed) == "messages.bad_cursor");
}

TEST_CASE("a cursor of messages that was tampered with is refused", "[messages]") {
  const auto workspace = k_workspace.text();
  for (const auto& text :
       {std::string(), std::string("{}"), std::string("[]"), std::string(R"({"ringctl_messages_cursor":1})"),
        std::string(R"({"ringctl_messages_cursor":1,"workspace":"x","message_seq":1,"message":""})"),
        fmt::format(R"({{"ringctl_messages_cursor":2,"workspace":"{}","message_seq":1,"message":""}})",
                    workspace),
        fmt::format(R"({{"ringctl_messages_cursor":1,"workspace":"{}","message_seq":-1,"message":""}})",
                    workspace),
        fmt::format(R"({{"ringctl_messages_cursor":1,"workspace":"{}","message_seq":"1","message":""}})",
                    workspace),
        fmt::format(R"({{"ringctl_messages_cursor":1,"workspace":"{}","message_seq":1,"message":"SM1"}})",
                    workspace)})
    CHECK(test::slug_of([&] { messages::parse_cursor(text, Cursor::Of::kept); }) == "messages.bad_cursor");
}

TEST_CASE("a cursor of messages is good where its place was given to its message", "[messages]") {
  Log f(any_engine());
  CHECK(f.refusal(f.kept(0, "")).empty());
  CHECK(f.refusal(f.kept(3, f.id(3))).empty());
  CHECK(f.refusal(f.kept(2, f.id(1))) == "messages.foreign_cursor");
  CHECK(f.refusal(f.kept(4, k_id)) == "messages.foreign_cursor");
  CHECK(f.refusal(f.kept(0, f.id(1))) == "messages.foreign_cursor");
  auto other = f.kept(0, "");
  other.workspace = f.alice.ids.next();
  CHECK(f.refusal(other) == "messages.foreign_cursor");
}

TEST_CASE("a cursor of messages stays good when the message at its place is gone", "[messages]") {
  Log f(any_engine());
  const auto first = f.id(1), second = f.id(2);
  f.remove(2);
  CHECK(f.refusal(f.kept(2, second)).empty());
  // A place that is empty is not one that another message had.
  CHECK(f.refusal(f.kept(2, first)) == "messages.foreign_cursor");
}

TEST_CASE("a cursor of changed messages follows its message to later places", "[messages]") {
  Log f(any_engine());
  CHECK(f.to_come().place == 0);
  CHECK(f.refusal(f.to_come()).empty());
  CHECK(f.refusal(f.changed(1, f.id(3))) == "messages.foreign_cursor");
  f.apply({f.status(3, "sent", 5)});
  const auto first = f.to_come();
  CHECK(first.place == 1);
  CHECK(first.message == f.id(3));
  CHECK(f.refusal(first).empty());
  CHECK(f.refusal(f.changed(1, f.id(1))) == "messages.foreign_cursor");
  CHECK(f.refusal(f.changed(1)) == "messages.foreign_cursor");
  f.apply({f.status(3, "delivered", 6)});
  CHECK(f.refusal(first).empty());
  CHECK(f.refusal(f.changed(1, f.id(1))) == "messages.foreign_cursor");
  const auto second = f.to_come();
  f.remove(3);
  CHECK(f.refusal(first).empty());
  CHECK(f.refusal(second).empty());
  CHECK(f.to_come().place == 2);
  CHECK(f.to_come().message.empty());
  CHECK(f.refusal(f.to_come()).empty());
}
