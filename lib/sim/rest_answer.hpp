#pragma once
// Requests to the REST side and its answers.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/network.hpp"

namespace ringctl::sim {

struct RestRequest {
  std::string method = "GET";
  std::string target = {};         ///< path and query
  std::string authorization = {};  ///< the header, "" = none
  std::string content_type = {}, body = {};
};

struct RestAnswer {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};
  std::string content_type = "application/json";
};

RestAnswer answer_ok(std::string json);
RestAnswer answer_created(std::string json);
/// 204
RestAnswer answer_gone();
/// {"code","message","more_info","status"}
RestAnswer refuse(int status, int code, std::string_view message);
RestAnswer refuse(const Refusal&);
/// "The requested resource PATH was not found"
RestAnswer not_found(std::string_view path);

}  // namespace ringctl::sim
