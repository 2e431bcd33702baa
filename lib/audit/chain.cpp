// Fields are hashed as netstrings ("5:hello,"), so that no two records have the same text.

#include "audit/chain.hpp"

#include <fmt/format.h>

#include <iterator>

#include "base/digest.hpp"

namespace ringctl::audit {
namespace {

void append(std::string& out, std::string_view field) {
  fmt::format_to(std::back_inserter(out), "{}:{},", field.size(), field);
}

}  // namespace

std::string genesis_hash(const base::Uuid& workspace) {
  std::string text;
  append(text, "ringctl audit chain 1");
  append(text, workspace.view());
  return base::sha256_hex(text);
}

std::string link_hash(const Link& link) {
  std::string text;
  text.reserve(512);
  append(text, "ringctl audit link 1");
  append(text, link.previous_hash);
  append(text, fmt::format("{}", link.seq));
  append(text, link.id);
  append(text, base::format_utc(link.at));
  for (const auto field : {link.actor, link.action, link.object_type, link.object_id, link.job_id,
                           link.before_digest, link.after_digest})
    append(text, field);
  return base::sha256_hex(text);
}

std::string image_digest(std::string_view salt, std::string_view object_key,
                         const std::optional<std::string_view>& image) {
  std::string text;
  append(text, "ringctl audit image 1");
  append(text, salt);
  append(text, object_key);
  if (image) append(text, *image);
  return base::sha256_hex(text);
}

}  // namespace ringctl::audit
