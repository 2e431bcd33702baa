#include "sim/rest_page.hpp"

#include <fmt/format.h>

#include <charconv>

namespace ringctl::sim {
namespace {

constexpr std::string_view k_after = "PA", k_before = "PB";

/// As long as a SID, and as hard to make up.
std::string token_of(std::string_view kind, std::uint64_t serial) {
  return serial == 0 ? std::string() : fmt::format("{}{:032x}", kind, serial);
}

bool read_token(const std::string& token, PageWish& wish) {
  if (token.empty()) return true;
  wish.backwards = token.starts_with(k_before);
  if (!wish.backwards && !token.starts_with(k_after)) return false;
  const auto* const end = token.data() + token.size();
  const auto [at, wrong] = std::from_chars(token.data() + k_after.size(), end, wish.from, 16);
  return wrong == std::errc() && at == end && wish.from != 0;
}

bool is_page_key(std::string_view name) {
  return name == "PageSize" || name == "Page" || name == "PageToken";
}

}  // namespace

std::optional<RestAnswer> PageWriter::refused() {
  wish_.size = ask_.fields.whole("PageSize", wish_.size);
  wish_.page = ask_.fields.whole("Page", wish_.page);
  if (read_token(ask_.fields.text("PageToken"), wish_)) return std::nullopt;
  return refuse(400, 20001, "Invalid PageToken: it has to come from the page before");
}

std::string PageWriter::link(std::int64_t page, std::string_view token) const {
  twilio::Form query;
  const auto& given = ask_.fields.form();
  for (std::size_t i = 0; i < given.size(); ++i)
    if (!is_page_key(given[i].name)) query.add(given[i].name, given[i].value);
  query.add("PageSize", std::to_string(wish_.size));
  query.add("Page", std::to_string(page));
  if (!token.empty()) query.add("PageToken", token);
  return fmt::format("{}{}?{}", base_, ask_.path, query.encoded());
}

void PageWriter::link_or_null(std::string_view name, bool there, std::int64_t page, std::string_view token) {
  json_.text_or_null(name, there ? link(page, token) : std::string());
}

void PageWriter::begin() {
  json_.open();
  json_.open_list(name_);
}

RestAnswer PageWriter::end(const PageShown& shown) {
  json_.close_list();
  if (base_.empty())
    links_2010(shown);
  else
    meta(shown);
  json_.close();
  return answer_ok(json_.take());
}

void PageWriter::links_2010(const PageShown& shown) {
  const auto start = wish_.page * wish_.size;
  json_.text("first_page_uri", link(0, {}));
  json_.number("end", shown.count == 0 ? start : start + shown.count - 1);
  link_or_null("previous_page_uri", wish_.page > 0, wish_.page - 1, token_of(k_before, shown.first));
  json_.text("uri", link(wish_.page, ask_.fields.text("PageToken")));
  json_.number("page_size", wish_.size);
  json_.number("start", start);
  link_or_null("next_page_uri", shown.more, wish_.page + 1, token_of(k_after, shown.last));
  json_.number("page", wish_.page);
}

void PageWriter::meta(const PageShown& shown) {
  json_.open("meta");
  json_.number("page", wish_.page);
  json_.number("page_size", wish_.size);
  json_.text("first_page_url", link(0, {}));
  link_or_null("previous_page_url", wish_.page > 0, wish_.page - 1, token_of(k_before, shown.first));
  json_.text("url", link(wish_.page, ask_.fields.text("PageToken")));
  link_or_null("next_page_url", shown.more, wish_.page + 1, token_of(k_after, shown.last));
  json_.text("key", name_);
  json_.close();
}

}  // namespace ringctl::sim
