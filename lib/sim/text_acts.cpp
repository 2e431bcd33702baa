#include "sim/text_acts.hpp"

#include "db/transaction.hpp"
#include "messages/send.hpp"
#include "messages/threads.hpp"
#include "serve/paths.hpp"
#include "twilio/form.hpp"
#include "twilio/json.hpp"
#include "twilio/rest_calls.hpp"

namespace ringctl::sim {
namespace {

constexpr int k_first_error = 400, k_first_broken = 500;

template <class Work>
auto reading(Clerk& clerk, Work&& work) {
  const auto& connection = clerk.connection;
  db::Transaction transaction(*connection, db::Scope::of(clerk.workspace), db::Access::read);
  auto result = work(*connection);
  transaction.commit();
  return result;
}

void writing(Clerk& clerk, const std::function<void()>& work) {
  db::in_transaction(*clerk.connection, db::Scope::of(clerk.workspace), work);
}

std::string reasons_of(const messages::Outgoing& outgoing) {
  std::string codes;
  for (const auto& [reason, why] : outgoing.refusals)
    codes.append(codes.empty() ? "" : ",").append(messages::refusal_code(reason));
  return codes;
}

/// Whatever the network answers, once: with what it took goes the SID, with what it refused the code.
Brought ask(Scene& scene, const messages::Outgoing& outgoing, const base::Uuid& message) {
  twilio::NewMessage wanted{.to = outgoing.to_number, .from = outgoing.from_number};
  wanted.body = outgoing.body;
  wanted.media = outgoing.media;
  wanted.status_callback = scene.public_url() + serve::message_status_path(scene.clerk()->workspace, message);
  const auto asked = twilio::send_message_ask(wanted);
  twilio::Form form;
  for (const auto& [name, value] : asked.form) form.add(name, value);
  return scene.rest(asked.method, asked.path, form.encoded());
}

std::optional<ActRefused> take_answer(Clerk& clerk, const base::Uuid& message, const RestAnswer& answer) {
  const auto json = twilio::Json::try_parse(answer.body);
  // Neither garbage nor a server that broke says whether it was carried out.
  if (!json || answer.status >= k_first_broken) return std::nullopt;
  if (answer.status >= k_first_error) {
    const auto code = json->whole("code").value_or(0);
    auto why = json->text("message");
    writing(clerk, [&] { messages::note_refused(clerk.session, clerk.workspace, message, code, why); });
    return ActRefused{std::to_string(code), std::move(why)};
  }
  const auto taken = twilio::message_from(*json);
  if (taken)
    writing(clerk, [&] {
      messages::note_sent(clerk.session, clerk.workspace, message, taken->sid, taken->status,
                          taken->segments);
    });
  return std::nullopt;
}

std::optional<ActRefused> send(Scene& scene, const SendStep& step) {
  auto& clerk = *scene.clerk();
  messages::Draft draft{.as = step.as, .to = step.to, .from_number = step.from, .body = step.body};
  draft.media = step.media;
  draft.name_extension = step.name_extension;
  auto outgoing = reading(clerk, [&](db::Connection& db) {
    return messages::plan_send(db, clerk.workspace, draft, clerk.session.clock.now());
  });
  if (!outgoing.refusals.empty()) return ActRefused{reasons_of(outgoing), outgoing.refusals.front().second};
  outgoing.account_sid = scene.account().sid;
  base::Uuid message;
  writing(clerk, [&] { message = messages::record_send(clerk.session, clerk.workspace, outgoing); });
  const auto brought = ask(scene, outgoing, message);
  if (brought.back != Brought::Back::answer || brought.cut || brought.drips) return std::nullopt;
  return take_answer(clerk, message, brought.answer);
}

std::optional<ActRefused> act(Scene& scene, const ThreadStep& step) {
  auto& clerk = *scene.clerk();
  struct Parties {
    messages::Thread thread;
    messages::Person as;
    std::optional<messages::Person> to = {};
  };
  const auto parties = reading(clerk, [&](db::Connection& db) {
    Parties all{messages::get_thread(db, clerk.workspace, step.thread, step.number),
                messages::get_actor(db, clerk.workspace, step.as)};
    if (!step.to.empty()) all.to = messages::get_actor(db, clerk.workspace, step.to);
    return all;
  });
  const auto& thread = parties.thread.id;
  if (step.what == ThreadStep::What::release) {
    messages::release(clerk.session, clerk.workspace, thread, parties.as);
  } else if (step.what == ThreadStep::What::reassign) {
    messages::reassign(clerk.session, clerk.workspace, thread, parties.to.value(), parties.as);
  } else {
    const auto claim = messages::claim(clerk.session, clerk.workspace, thread, parties.as);
    if (!claim.won) return ActRefused{"messages.claimed", claim.holder + " has it"};
  }
  return std::nullopt;
}

template <class Work>
std::optional<ActRefused> refusal_of(Work&& work) {
  try {
    return work();
  } catch (const Error& error) {
    return ActRefused{std::string(error.slug()), error.message()};
  }
}

}  // namespace

std::optional<ActRefused> do_for_user(Scene& scene, const SendStep& step) {
  return refusal_of([&] { return send(scene, step); });
}

std::optional<ActRefused> do_for_user(Scene& scene, const ThreadStep& step) {
  return refusal_of([&] { return act(scene, step); });
}

}  // namespace ringctl::sim
