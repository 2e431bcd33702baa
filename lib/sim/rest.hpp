#pragma once
// The REST side of the simulated Twilio: the API of 2010-04-01, Trunking v1, Messaging v1 and the prices of
// numbers of Pricing v1, over one account and its network. It knows no HTTP beyond what is in a request;
// front.hpp serves it. On the agenda's thread.
//
// What it does not have answers 404 as a path that does not exist. A key that an operation does not take is
// refused, whether Twilio would ignore it or not, and so is a second value for a key that takes one.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/rest_desk.hpp"

namespace ringctl::sim {

class Rest {
 public:
  /// All outlive it.
  Rest(Agenda&, Account&, Network&, Sids&, RestBases = {});
  ~Rest();
  Rest(const Rest&) = delete;
  Rest& operator=(const Rest&) = delete;

  RestAnswer handle(const RestRequest&);
  /// Told of everything that was carried out or refused, whatever becomes of the answer on its way back.
  using Witness = std::function<void(const RestRequest&, const RestAnswer&)>;
  void watch(Witness witness) { witness_ = std::move(witness); }
  /// Whether a request with this header has the account's own login.
  bool is_main_login(std::string_view authorization) const { return login(authorization) == Login::main; }

 private:
  class Router;
  enum class Login { none, key, main };

  Login login(std::string_view authorization) const;
  RestAnswer made(const RestRequest&);
  RestAnswer route(const RestRequest&, Login);
  RestAnswer in_account(const RestRequest&, std::string_view path, Login);
  RestAnswer serve(const RestRequest&, const Route&, Ask&);

  Desk desk_;
  Fields fields_;
  std::unique_ptr<Router> accounts_, account_, v1_;
  Witness witness_ = {};
};

}  // namespace ringctl::sim
