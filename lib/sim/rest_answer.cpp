#include "sim/rest_answer.hpp"

#include <fmt/format.h>

#include "sim/rest_json.hpp"

namespace ringctl::sim {

RestAnswer answer_ok(std::string json) { return {.body = std::move(json)}; }

RestAnswer answer_created(std::string json) { return {.status = 201, .body = std::move(json)}; }

RestAnswer answer_gone() { return {.status = 204, .content_type = {}}; }

RestAnswer refuse(int status, int code, std::string_view message) {
  JsonText json;
  json.open();
  json.number("code", code);
  json.text("message", message);
  json.text("more_info", fmt::format("https://www.twilio.com/docs/errors/{}", code));
  json.number("status", status);
  json.close();
  return {.status = status, .body = json.take()};
}

RestAnswer refuse(const Refusal& refusal) { return refuse(refusal.status, refusal.code, refusal.message); }

RestAnswer not_found(std::string_view path) {
  return refuse(404, 20404, fmt::format("The requested resource {} was not found", path));
}

}  // namespace ringctl::sim
