#include "support/load_request.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>

namespace ringctl::test {

Requests::Requests(RequestOptions options) : options_(std::move(options)), signer_(options_.token) {
  std::random_device random;
  run_ = fmt::format("{:08x}{:08x}", random(), random());
  add("AccountSid", options_.account_sid);
  add("ApiVersion", "2010-04-01");
  add("From", "");
  add("To", options_.to);
  add_place("From", "WASHINGTON", "DC", "20004");
  add_place("To", "NEW YORK", "NY", "10001");
  if (options_.texts)
    add_text();
  else
    add_call();
  for (const auto& [name, value] : options_.fields) add(name, value);
  std::sort(fields_.begin(), fields_.end(), [](const Field& a, const Field& b) { return a.name < b.name; });
  for (const auto& caller : options_.callers) encoded_callers_.push_back(encode_component(caller));
}

void Requests::add_place(const std::string& whose, const std::string& city, const std::string& state,
                         const std::string& zip) {
  add(whose + "City", city);
  add(whose + "Country", "US");
  add(whose + "State", state);
  add(whose + "Zip", zip);
}

void Requests::add_call() {
  add("CallSid", "");
  add("CallStatus", "ringing");
  add("Called", options_.to);
  add("Caller", "");
  add("Direction", "inbound");
  add_place("Caller", "WASHINGTON", "DC", "20004");
  add_place("Called", "NEW YORK", "NY", "10001");
}

void Requests::add_text() {
  for (const auto* const name : {"MessageSid", "SmsMessageSid", "SmsSid"}) add(name, "");
  add("Body", "Is the house in the old street still to be had?");
  add("NumMedia", "0");
  add("NumSegments", "1");
  add("SmsStatus", "received");
}

void Requests::add(std::string name, std::string value) {
  Field field{.name = name, .value = std::move(value), .encoded = {}};
  field.encoded = encode_component(field.value);
  if (field.value.empty() && (name == "From" || name == "Caller")) field.kind = Field::caller;
  if (field.value.empty() && name.ends_with("Sid")) field.kind = Field::sid;
  const auto known =
      std::find_if(fields_.begin(), fields_.end(), [&](const Field& f) { return f.name == name; });
  if (known != fields_.end())
    *known = std::move(field);
  else
    fields_.push_back(std::move(field));
}

std::string_view Requests::next(std::string& out) {
  const auto turn = count_ % options_.callers.size();
  sid_ = fmt::format("{}{}{:016x}", options_.texts ? "SM" : "CA", run_, count_++);
  signed_.assign(options_.public_url).append(options_.path);
  body_.clear();
  for (const auto& field : fields_) {
    std::string_view value = field.value, encoded = field.encoded;
    if (field.kind == Field::caller) value = options_.callers[turn], encoded = encoded_callers_[turn];
    if (field.kind == Field::sid) value = encoded = sid_;
    signed_.append(field.name).append(value);
    body_.append(body_.empty() ? "" : "&").append(field.name).append("=").append(encoded);
  }
  out.clear();
  fmt::format_to(std::back_inserter(out),
                 "POST {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: TwilioProxy/1.1\r\nAccept: */*\r\n"
                 "Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\nContent-Length: {}\r\n"
                 "I-Twilio-Idempotency-Token: {}\r\nX-Twilio-Signature: {}\r\n{}\r\n",
                 options_.path, options_.host, body_.size(), sid_, signer_.sign(signed_),
                 options_.close ? "Connection: close\r\n" : "");
  out.append(body_);
  return sid_;
}

}  // namespace ringctl::test
