#include "sim/webhook_answer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "sim/twiml_summary.hpp"
#include "twiml/read.hpp"

namespace ringctl::sim {
namespace {

/// Those that Twilio reads as TwiML.
bool is_twiml_type(std::string_view type) {
  constexpr auto k_types = std::to_array<std::string_view>({"text/xml", "application/xml", "text/html"});
  const auto word = base::ascii_lower(base::trim(type.substr(0, type.find(';'))));
  return std::ranges::find(k_types, word) != k_types.end();
}

int fault_code(http::Fault fault) {
  switch (fault) {
    case http::Fault::tls:
      return 11220;
    case http::Fault::garbage:
      return 11200;
    case http::Fault::too_large:
      return 11750;
    case http::Fault::unreachable:
    case http::Fault::timeout:
    case http::Fault::broken:
    case http::Fault::cancelled:
      break;
  }
  return 11205;
}

/// The same each time, without ports and milliseconds.
std::string plain_words(http::Fault fault) {
  switch (fault) {
    case http::Fault::unreachable:
      return "the server cannot be reached";
    case http::Fault::tls:
      return "there is no safe connection to the server";
    case http::Fault::timeout:
      return "the server did not answer in time";
    case http::Fault::broken:
      return "the server ended the connection before its answer was whole";
    case http::Fault::garbage:
      return "what the server answered is no HTTP";
    case http::Fault::too_large:
      return "the answer is too large";
    case http::Fault::cancelled:
      break;
  }
  return "it was stopped";
}

void refuse(WebAnswer& answer, int error, std::string problem) {
  answer.error = error;
  answer.problem = std::move(problem);
}

/// An empty body is for whoever asked: to a text it is no reply, to a call it is no document.
void judge_twiml(WebAnswer& answer) {
  if (answer.body.empty()) return;
  if (!is_twiml_type(answer.content_type))
    return refuse(
        answer, 12300,
        fmt::format("the content type {} is not one of TwiML", base::in_quotes(answer.content_type)));
  twiml::Problem problem;
  if (!twiml::try_read(answer.body, problem) && code_of(problem) == 12100)
    refuse(answer, 12100, "the answer is no XML document: " + text_of(problem));
}

}  // namespace

Miss miss_of(const http::Outcome& outcome) {
  if (const auto* const response = std::get_if<http::Response>(&outcome)) {
    if (response->status >= 500) return Miss::server_error;
    return response->status >= 400 ? Miss::client_error : Miss::none;
  }
  const auto& failure = std::get<http::Failure>(outcome);
  switch (failure.fault) {
    case http::Fault::unreachable:
    case http::Fault::tls:
      return Miss::connect;
    case http::Fault::timeout:
      return failure.maybe_executed ? Miss::read : Miss::connect;
    default:
      return Miss::anything_else;
  }
}

std::string_view redirect_of(const http::Outcome& outcome) {
  const auto* const response = std::get_if<http::Response>(&outcome);
  constexpr auto k_statuses = std::to_array({301, 302, 303, 307, 308});
  if (response == nullptr || std::ranges::find(k_statuses, response->status) == k_statuses.end()) return {};
  return response->field("location");
}

bool redirect_keeps_body(int status) { return status == 307 || status == 308; }

WebAnswer read_answer(const http::Outcome& outcome, bool wants_twiml, std::string url, bool detailed) {
  WebAnswer answer;
  answer.url = std::move(url);
  if (const auto* const failure = std::get_if<http::Failure>(&outcome)) {
    refuse(answer, fault_code(failure->fault), detailed ? failure->message : plain_words(failure->fault));
    return answer;
  }
  const auto& response = std::get<http::Response>(outcome);
  answer.status = response.status;
  answer.content_type = response.field("content-type");
  answer.body = response.body;
  if (answer.status < 200 || answer.status > 299)
    refuse(answer, 11200, fmt::format("the server answered {}", answer.status));
  else if (wants_twiml)
    judge_twiml(answer);
  return answer;
}

std::string twiml_of(const WebAnswer& answer, bool wants_twiml) {
  twiml::Problem problem;
  if (!wants_twiml || answer.error != 0) return {};
  const auto response = twiml::try_read(answer.body, problem);
  return response ? summary_of(*response) : std::string();
}

}  // namespace ringctl::sim
