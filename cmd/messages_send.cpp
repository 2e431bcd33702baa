// messages send

#include <array>

#include "cmd/account.hpp"
#include "cmd/messages.hpp"
#include "cmd/text_input.hpp"
#include "sync/text.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::array k_columns = {
    Column{"message_sid", ColumnType::word},   Column{"status", ColumnType::word},
    Column{"from_number", ColumnType::e164},   Column{"to_number", ColumnType::e164},
    Column{"segments", ColumnType::integer},   Column{"encoding", ColumnType::word},
    Column{"characters", ColumnType::integer}, Column{"thread", ColumnType::uuid},
    Column{"claimed", ColumnType::boolean},    Column{"id", ColumnType::uuid},
};

/// Far beyond what Twilio takes, in any script.
constexpr std::size_t k_most_input = 64 * 1024;

struct SendVerbOptions : AccountOptions {
  std::string to, as;
  std::optional<std::string> body, body_file, from_number;
  std::vector<std::string> media;
  bool name_extension = false;
};

/// A file ends in a newline that is no part of the text.
std::string body_of(const SendVerbOptions& opts, Context& ctx) {
  if (!opts.body_file) return opts.body.value_or("");
  auto text = text_input(ctx, *opts.body_file, k_most_input);
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

Cell text_or_null(const std::string& text) { return text.empty() ? Cell() : Cell(text); }

void report(const sync::Sent& sent, bool written, Context& ctx) {
  const auto& outgoing = sent.outgoing;
  const std::array<Cell, k_columns.size()> cells = {text_or_null(sent.message_sid),
                                                    text_or_null(sent.status),
                                                    outgoing.from_number,
                                                    outgoing.to_number,
                                                    outgoing.size.segments,
                                                    messages::encoding_name(outgoing.size.encoding),
                                                    static_cast<std::int64_t>(outgoing.size.characters),
                                                    outgoing.thread,
                                                    outgoing.claims,
                                                    written ? Cell(sent.message) : Cell()};
  ctx.io().record(k_columns, cells);
}

void run_send(const SendVerbOptions& opts, Context& ctx) {
  sync::SendOptions send{.draft = {.as = opts.as, .to = opts.to}};
  send.draft.from_number = opts.from_number.value_or("");
  send.draft.body = body_of(opts, ctx);
  send.draft.media = opts.media;
  send.draft.name_extension = opts.name_extension;
  send.write = !ctx.dry_run();
  RunAccount account(ctx, opts);
  report(sync::send_text(*account, send), send.write, ctx);
}

}  // namespace

void add_messages_send(Noun& messages) {
  auto send =
      messages.verb<SendVerbOptions>("send", "Text somebody", run_send)
          .argument("to", &SendVerbOptions::to, "Whom, as E.164 or as dialled in the workspace's country")
          .kind(ValueKind::contact)
          .flag("as", &SendVerbOptions::as, "USER", "Who sends: e-mail address, name or id")
          .kind(ValueKind::user)
          .required()
          .flag("body", &SendVerbOptions::body, "TEXT", "What it says, at most 1,600 characters")
          .flag("body-file", &SendVerbOptions::body_file, "FILE",
                "The same from a file, or - for standard input")
          .kind(ValueKind::file)
          .excludes("body")
          .flag("media", &SendVerbOptions::media, "URL",
                "A picture or file that Twilio fetches; at most ten times")
          .flag("from-number", &SendVerbOptions::from_number, "NUMBER", "The number to send from")
          .default_text("the conversation's, else the sender's primary one")
          .kind(ValueKind::number)
          .flag("name-extension", &SendVerbOptions::name_extension,
                "Add a line that says how to reach the sender by extension");
  add_account_flags(send)
      .details(
          "From a number whose messages the sender answers. Where one person answers at a time (sms_mode claim and "
          "round_robin) the reply makes the conversation theirs, and is refused while somebody else has it. A refusal "
          "is exit status 8 with every reason. An answer of Twilio's that never came is exit status 24: jobs resolve "
          "finds out, and nothing is sent again.")
      .columns(k_columns)
      .example("ringctl messages send +16265550101 --as ann@example.com --body 'See you at noon'")
      .example(
          "ringctl messages send +16265550101 --as ann@example.com --body 'See you at noon' --name-extension -n",
          "how long would it be, and from which number?")
      .exits({Errc::auth, Errc::not_found, Errc::conflict, Errc::invalid, Errc::differs, Errc::locked,
              Errc::schema, Errc::twilio, Errc::twilio_rate, Errc::twilio_down, Errc::twilio_garbage,
              Errc::unknown_outcome, Errc::db_down, Errc::db_busy});
}

}  // namespace ringctl::cmd
