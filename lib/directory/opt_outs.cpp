#include "directory/opt_outs.hpp"

#include <algorithm>
#include <array>

#include "records/values.hpp"

namespace ringctl::directory {
namespace {

using records::Kind;

bool canonical_channel(std::string_view text, const records::Reading&, std::string& out,
                       base::Finding& finding) {
  static constexpr std::array<std::string_view, 3> k_channels{"sms", "voice", "all"};
  return records::one_of(text, k_channels, "channel", out, finding);
}

}  // namespace

const records::Noun& opt_outs_noun() {
  static const records::Noun k_noun{
      .noun = "optouts",
      .object = "opt-out",
      .table = "opt_outs",
      .fields = {{.name = "phone_number",
                  .kind = Kind::text,
                  .canonical = records::canonical_phone,
                  .required = true,
                  .aliases = {"number", "phone"}},
                 {.name = "channel", .kind = Kind::text, .canonical = canonical_channel, .initial = "all"},
                 {.name = "since",
                  .kind = Kind::moment,
                  .canonical = records::canonical_moment,
                  .expression = "coalesce(t.since, t.created_at)",
                  .aliases = {"date", "opted_out_at"}},
                 {.name = "source",
                  .kind = Kind::text,
                  .canonical = records::canonical_line,
                  .free_text = true,
                  .aliases = {"reason"}}},
      .looks_like_key = records::looks_like_phone,
  };
  return k_noun;
}

}  // namespace ringctl::directory
