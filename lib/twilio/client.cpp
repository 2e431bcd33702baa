#include "twilio/client.hpp"

#include <fmt/format.h>

#include <utility>

#include "http/url.hpp"
#include "twilio/client_impl.hpp"

namespace ringctl::twilio {
namespace {

/// Whose login it is, first: what was asked says little of a request that is refused for who asks.
Error auth_error(const Failed& failed) {
  const auto login = failed.login.empty() ? std::string("that asked") : failed.login;
  return Error(Errc::auth, "twilio.auth",
               failed.status == 403 ? fmt::format("Twilio does not allow this to the login {}", login)
                                    : fmt::format("Twilio does not take the login {}", login),
               "ringctl doctor twilio")
      .detail(failed.message);
}

Error error_of(const Failed& failed) {
  const auto& what = failed.message;
  if (failed.maybe_executed || failed.kind == Failed::Kind::unknown)
    return {Errc::unknown_outcome, "twilio.unknown_outcome",
            fmt::format("{}; whether it was carried out is not known", what), "ringctl jobs resolve"};
  switch (failed.kind) {
    case Failed::Kind::auth:
      return auth_error(failed);
    case Failed::Kind::not_found:
      return {Errc::not_found, "twilio.not_found", what};
    case Failed::Kind::rate:
      return {Errc::twilio_rate, "twilio.rate_limited", what, "try again later, or with --concurrency 1"};
    case Failed::Kind::down:
      return {Errc::twilio_down, "twilio.down", what, "try again later"};
    case Failed::Kind::garbage:
      return {Errc::twilio_garbage, "twilio.garbage", what};
    case Failed::Kind::cancelled:
      return {Errc::interrupted, "twilio.cancelled", what};
    case Failed::Kind::refused:
    case Failed::Kind::unknown:
      break;
  }
  return {Errc::twilio, "twilio.refused", what};
}

}  // namespace

Error to_error(const Failed& failed) {
  auto error = error_of(failed);
  if (failed.code != 0)
    error.detail(
        fmt::format("Twilio's code {}: https://www.twilio.com/docs/errors/{}", failed.code, failed.code));
  if (!failed.request_id.empty()) error.detail("Twilio-Request-Id " + failed.request_id);
  if (failed.attempts > 1) error.detail(fmt::format("after {} attempts", failed.attempts));
  if (failed.retry_after) error.detail(fmt::format("asked to wait {} s", failed.retry_after->count()));
  return error.answered(failed.request_id, failed.retry_after);
}

void Client::Impl::fail(const Failed& failed) const {
  if (failed.kind == Failed::Kind::cancelled && !failed.maybe_executed && options.cancel != nullptr)
    options.cancel->check();
  throw to_error(failed);
}

Client::Client(ClientOptions options, const base::Clock& clock) {
  for (const auto* base :
       {&options.bases.core, &options.bases.trunking, &options.bases.messaging, &options.bases.pricing})
    http::parse_url(*base);  // refuses what would carry the login in the clear
  impl_ = std::make_unique<Impl>(std::move(options), clock);
}

Client::~Client() {
  if (impl_->options.slots) impl_->options.slots->release();
}

const std::string& Client::account_sid() const { return impl_->options.credentials.account_sid; }

bool Client::has_api_key() const { return !impl_->options.credentials.user.empty(); }

std::unique_ptr<Client> Client::uncancelled() const {
  auto options = impl_->options;
  options.cancel = nullptr;
  options.slots = nullptr;
  options.backoff.retries = 1;
  return std::make_unique<Client>(std::move(options), impl_->clock);
}

std::string Client::url_of(Api api, std::string_view path) const {
  return std::string(base_of(impl_->options.bases, api)) + std::string(path);
}

Outcome Client::try_send(const Ask& ask) {
  std::unique_lock wire(impl_->wire, std::defer_lock);
  if (impl_->paging > 0) wire.lock();
  return impl_->engine.ask(ask);
}

Reply Client::send(const Ask& ask) {
  auto outcome = try_send(ask);
  if (const auto* const failed = std::get_if<Failed>(&outcome)) impl_->fail(*failed);
  return std::get<Reply>(std::move(outcome));
}

void Client::run(const std::function<std::optional<Task>()>& next,
                 const std::function<void(std::size_t)>& before,
                 const std::function<void(std::size_t, Outcome)>& done) {
  std::unique_lock wire(impl_->wire, std::defer_lock);
  if (impl_->paging > 0) wire.lock();
  const auto refused = Drive(impl_->engine, next, before, done).run();
  if (refused) impl_->fail(*refused);
  if (impl_->options.cancel != nullptr) impl_->options.cancel->check();
  if (impl_->paging == 0) impl_->rest();
}

const Client::Traffic& Client::traffic() const { return impl_->engine.traffic(); }

}  // namespace ringctl::twilio
