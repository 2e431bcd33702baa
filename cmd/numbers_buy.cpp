// numbers search, buy

#include "cmd/numbers_buy.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>

#include "base/text.hpp"
#include "cmd/account.hpp"
#include "cmd/list.hpp"
#include "cmd/numbers.hpp"
#include "cmd/webhooks_configure.hpp"
#include "directory/workspaces.hpp"
#include "phone/region.hpp"
#include "sync/purchase.hpp"

namespace ringctl::cmd {
namespace {

Cell text_or_null(const std::string& text) { return text.empty() ? Cell() : Cell(text); }

// --- what is looked for ---

struct SearchFlags : AccountOptions {
  std::optional<std::string> country, type, area_code, contains, region, locality, postal_code, rate_center,
      near;
  std::optional<std::int64_t> distance, count;
  bool voice = false, sms = false, mms = false, fax = false, no_address = false;

  bool names_something() const { return country || type || narrows(); }
  /// Says more than which kind of number: nothing of one that is named.
  bool narrows() const {
    return area_code || contains || region || locality || postal_code || rate_center || near || distance ||
           voice || sms || mms || fax || no_address;
  }
};

template <class Options>
void add_search_flags(Verb<Options>& verb) {
  verb.flag("country", &Options::country, "CC", "Of this country")
      .kind(ValueKind::country)
      .default_text("the workspace's, else US")
      .flag("type", &Options::type, "TYPE", "Of this type")
      .choices("local|mobile|tollfree|national|voip|sharedcost|machinetomachine")
      .default_text("local")
      .flag("area-code", &Options::area_code, "DIGITS", "With this area code (US and CA)")
      .flag("contains", &Options::contains, "PATTERN",
            "That hold this: digits, letters, * for one digit, % for any, + for the start, $ for the end")
      .flag("region", &Options::region, "REGION", "In this state or province: CA, ON")
      .flag("locality", &Options::locality, "PLACE", "In this town")
      .flag("postal-code", &Options::postal_code, "CODE", "With this postal code")
      .flag("rate-center", &Options::rate_center, "NAME", "In this rate center (US and CA)")
      .flag("near", &Options::near, "NUMBER", "Near this number (US and CA)")
      .flag("distance", &Options::distance, "MILES", "How near, 1 to 500; with --near")
      .kind(ValueKind::count)
      .default_text("25")
      .flag("voice", &Options::voice, "That can call")
      .flag("sms", &Options::sms, "That can text")
      .flag("mms", &Options::mms, "That can send pictures")
      .flag("fax", &Options::fax, "That can fax")
      .flag("no-address", &Options::no_address, "That need no address of yours");
}

/// The workspace's, which the first purchase may yet have to make; "" = it has none.
std::string default_country(Context& ctx) {
  const auto* const workspace = ctx.find_workspace();
  return workspace == nullptr ? std::string() : workspace->default_country.value_or("");
}

/// Twilio answers such a question about another country with no numbers, as if there were none.
void require_north_america(const SearchFlags& flags, const std::string& country) {
  if (country == "US" || country == "CA") return;
  const std::string_view flag = flags.area_code     ? "--area-code"
                                : flags.rate_center ? "--rate-center"
                                : flags.near        ? "--near"
                                                    : "";
  if (!flag.empty())
    throw Error(Errc::usage, "usage.bad_value", fmt::format("{} is for US and CA, not for {}", flag, country),
                flags.country ? "--contains, --region or --locality says where, in other countries"
                              : "--country US, or CA");
}

/// "" if none is asked for.
std::string area_code_of(const SearchFlags& flags) {
  if (!flags.area_code) return {};
  const auto& code = *flags.area_code;
  if (code.size() != 3 || code.find_first_not_of("0123456789") != std::string::npos)
    throw Error(Errc::usage, "usage.bad_value",
                fmt::format("--area-code {} is no area code: it has three digits", base::in_quotes(code)),
                "--area-code 202");
  return code;
}

twilio::Search search_of(const SearchFlags& flags, Context& ctx) {
  twilio::Search search;
  if (auto country = default_country(ctx); !country.empty()) search.country = std::move(country);
  if (flags.country) search.country = phone::Region::parse(*flags.country).view();
  if (flags.type) search.type = *flags.type;
  search.area_code = area_code_of(flags);
  require_north_america(flags, search.country);
  search.contains = flags.contains.value_or("");
  search.region = flags.region.value_or("");
  search.locality = flags.locality.value_or("");
  search.postal_code = flags.postal_code.value_or("");
  search.rate_center = flags.rate_center.value_or("");
  if (flags.near) search.near_number = phone::parse_typed(*flags.near, search.country).text();
  if (flags.distance) {
    if (*flags.distance < 1 || *flags.distance > 500 || !flags.near)
      throw Error(Errc::usage, "usage.bad_value", "--distance is 1 to 500 miles, and needs --near");
    search.distance = static_cast<int>(*flags.distance);
  }
  const auto asked = [](bool flag) { return flag ? std::optional(true) : std::nullopt; };
  search.voice = asked(flags.voice);
  search.sms = asked(flags.sms);
  search.mms = asked(flags.mms);
  search.fax = asked(flags.fax);
  search.no_address = flags.no_address;
  return search;
}

constexpr std::int64_t k_most_numbers = 10'000;

std::int64_t count_of(const SearchFlags& flags, std::int64_t otherwise) {
  const auto count = flags.count.value_or(otherwise);
  if (count < 1 || count > k_most_numbers)
    throw Error(
        Errc::usage, "usage.bad_value",
        fmt::format("--count is 1 to {}", base::group_digits(static_cast<std::uint64_t>(k_most_numbers))));
  return count;
}

// --- search ---

constexpr std::array k_search_columns = {
    Column{"phone_number", ColumnType::e164, true, true},
    Column{"type", ColumnType::word, true, true},
    Column{"locality", ColumnType::text, true, true},
    Column{"region", ColumnType::text, true, true},
    Column{"postal_code", ColumnType::text, true, true},
    Column{"country", ColumnType::word, true, true},
    Column{"capabilities", ColumnType::word, true, true},
    Column{"address_requirements", ColumnType::word, true, true},
    Column{"monthly_price", ColumnType::money, true, true},
    Column{"price_unit", ColumnType::word, true, true},
};

struct SearchOptions : SearchFlags {};

std::string capabilities_of(const twilio::Available& number) {
  std::vector<std::string> words;
  if (number.voice) words.emplace_back("voice");
  if (number.sms) words.emplace_back("sms");
  if (number.mms) words.emplace_back("mms");
  if (number.fax) words.emplace_back("fax");
  return base::join(words, "|");
}

/// What is on offer can be listed without.
std::optional<twilio::Price> price_shown(const twilio::Search& search, sync::Account& account, Context& ctx) {
  try {
    return twilio::number_price(account.client, search.country, search.type);
  } catch (const Error& error) {
    account.cancel.check();
    ctx.io().warn(fmt::format("no prices are shown: {}", error.message()));
    return std::nullopt;
  }
}

void run_search(const SearchOptions& opts, Context& ctx) {
  const auto count = count_of(opts, 50);
  const auto search = search_of(opts, ctx);
  RunAccount account(ctx, opts);
  const auto found = sync::search(account->client, search, static_cast<std::size_t>(count));
  std::optional<twilio::Price> price;
  if (!found.empty()) price = price_shown(search, *account, ctx);
  const auto amount = price ? twilio::money_text(price->micros) : std::string();
  const auto unit = price ? price->unit : std::string();
  SmallList list(ctx.io(), k_search_columns, ctx.list_options());
  for (const auto& number : found) {
    const auto can = capabilities_of(number);
    list.add({number.phone_number, number.type.empty() ? Cell(search.type) : Cell(number.type),
              text_or_null(number.locality), text_or_null(number.region), text_or_null(number.postal_code),
              number.iso_country.empty() ? Cell(search.country) : Cell(number.iso_country), text_or_null(can),
              text_or_null(number.address_requirements), text_or_null(amount), text_or_null(unit)});
  }
  list.print();
}

// --- buy ---

constexpr std::array k_buy_columns = {
    Column{"phone_number", ColumnType::e164}, Column{"state", ColumnType::word},
    Column{"sid", ColumnType::word},          Column{"price", ColumnType::money},
    Column{"code", ColumnType::word},         Column{"message", ColumnType::text},
};

struct BuyVerbOptions : SearchFlags {
  std::vector<std::string> numbers;
  std::optional<std::string> budget, label, address_sid, bundle_sid;
  bool no_configure = false;
};

constexpr std::size_t k_most_input = 4 * 1024 * 1024;
constexpr std::size_t k_shown_lines = 10;

std::string text_of_stdin(int fd) {
  std::string text;
  std::array<char, 4096> piece{};
  for (;;) {
    const auto count = ::read(fd, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw Error(Errc::usage, "usage.unreadable", "standard input cannot be read");
    if (count == 0) break;
    text.append(piece.data(), static_cast<std::size_t>(count));
    if (text.size() > k_most_input)
      throw Error(Errc::invalid, "numbers.too_many", "standard input holds more than 4 MiB");
  }
  return text;
}

/// A number a line; blank ones are passed over.
std::vector<std::string> numbers_of_stdin(int fd, const std::string& country) {
  const auto text = text_of_stdin(fd);
  std::vector<std::string> all, refused;
  std::string hint;
  std::size_t line_number = 0, bad = 0;
  for (const auto line : base::split(text, '\n')) {
    ++line_number;
    if (base::trim(line).empty()) continue;
    try {
      all.push_back(phone::parse_typed(base::trim(line), country).text());
    } catch (const Error& error) {
      if (hint.empty()) hint = error.hint();
      if (++bad <= k_shown_lines) refused.push_back(fmt::format("line {}: {}", line_number, error.message()));
    }
  }
  if (bad > 0) {
    Error error(Errc::invalid, "phone.invalid",
                fmt::format("standard input: {} of its lines {} no number", bad, bad == 1 ? "is" : "are"),
                hint);
    for (auto& line : refused) error.detail(std::move(line));
    if (bad > k_shown_lines) error.detail(fmt::format("… {} more", bad - k_shown_lines));
    throw error;
  }
  if (all.empty()) throw Error(Errc::usage, "usage.nothing_to_do", "standard input names no number");
  return all;
}

std::vector<std::string> numbers_to_buy(const BuyVerbOptions& opts, Context& ctx) {
  const auto country = default_country(ctx);
  std::vector<std::string> all;
  if (opts.numbers == std::vector<std::string>{"-"})
    all = numbers_of_stdin(ctx.streams().in, country);
  else
    for (const auto& text : opts.numbers) all.push_back(phone::parse_typed(text, country).text());
  if (std::ssize(all) > k_most_numbers)
    throw Error(Errc::usage, "usage.bad_value",
                fmt::format("at most {} numbers are bought at once",
                            base::group_digits(static_cast<std::uint64_t>(k_most_numbers))));
  return all;
}

sync::BuyOptions buy_options(const BuyVerbOptions& opts, Context& ctx) {
  sync::BuyOptions options;
  options.numbers = numbers_to_buy(opts, ctx);
  if (!options.numbers.empty() && opts.count)
    throw Error(Errc::usage, "usage.excluded",
                "--count is for numbers that are looked for, not for named ones");
  if (!options.numbers.empty() && (opts.country || opts.narrows()))
    throw Error(Errc::usage, "usage.excluded",
                "what numbers are looked for by says nothing of those that are named",
                "name the numbers, or say what to look for");
  if (options.numbers.empty() && !opts.count && !opts.names_something())
    throw Error(Errc::usage, "usage.nothing_to_do",
                "numbers buy: neither numbers nor what to look for was given",
                "ringctl numbers buy --country US --area-code 202 --count 1");
  options.search = search_of(opts, ctx);
  options.count = count_of(opts, 1);
  if (opts.budget) {
    options.budget = directory::try_parse_money(*opts.budget);
    if (!options.budget)
      throw Error(Errc::usage, "usage.bad_value",
                  fmt::format("--budget {} is no amount (like 25.00)", base::in_quotes(*opts.budget)));
  }
  options.label = opts.label.value_or("");
  options.address_sid = opts.address_sid.value_or("");
  options.bundle_sid = opts.bundle_sid.value_or("");
  options.configure = !opts.no_configure;
  return options;
}

std::string cost_of(const sync::BuyPlan& plan) {
  if (!plan.monthly_micros) return "at a price that Twilio does not tell";
  return fmt::format("for {} {} a month", twilio::money_text(*plan.monthly_micros), plan.unit);
}

std::string numbers_text(std::int64_t count) {
  return fmt::format("{} {}", base::group_digits(static_cast<std::uint64_t>(count)),
                     count == 1 ? "number" : "numbers");
}

void add_planned(Rows& rows, const sync::BuyPlan& plan) {
  for (const auto& one : plan.numbers) {
    const auto price = one.price ? twilio::money_text(one.price->micros) : std::string();
    rows.row({one.phone_number, "planned", Cell(), text_or_null(price), Cell(), Cell()});
  }
}

void show_plan(const sync::BuyPlan& plan, Context& ctx) {
  auto rows = ctx.io().rows(k_buy_columns);
  add_planned(rows, plan);
  rows.finish();
  ctx.io().note(fmt::format("would buy {} {}", numbers_text(std::ssize(plan.numbers)), cost_of(plan)));
}

}  // namespace

std::string purchase_text(const sync::BuyPlan& plan) {
  const auto count = std::ssize(plan.numbers);
  return count == 0 ? "no number" : fmt::format("{} {}", numbers_text(count), cost_of(plan));
}

void show_resume_plan(const sync::ResumePlan& plan, Context& ctx) {
  auto rows = ctx.io().rows(k_buy_columns);
  for (const auto& number : plan.unsure)
    rows.row({number, "unknown", Cell(), Cell(), Cell(), "Twilio would be asked first"});
  for (const auto& number : plan.elsewhere)
    rows.row({number, "refused", Cell(), Cell(), "numbers.exists", "it is on record already"});
  add_planned(rows, plan.left);
  rows.finish();
  const auto also = plan.unsure.empty()
                        ? std::string()
                        : fmt::format(", and ask about {} first", numbers_text(std::ssize(plan.unsure)));
  ctx.io().note(fmt::format("would buy {}{}", purchase_text(plan.left), also));
}

void warn_of_found(const std::vector<sync::EffectRow>& rows, Context& ctx) {
  for (const auto& row : rows) {
    if (row.code != sync::k_in_account && row.code != sync::k_foreign) continue;
    const auto then = row.code == sync::k_in_account
                          ? fmt::format(": ringctl numbers configure {} points it here", row.object)
                          : std::string();
    ctx.io().warn(fmt::format("{} is not counted as bought ({}){}", row.object, row.message, then));
  }
}

namespace {

/// What to do about a job of which nothing is left to be bought, and not all was.
std::string hint_after(const sync::BuyReport& report) {
  const bool all_there = std::all_of(report.rows.begin(), report.rows.end(), [](const auto& row) {
    return row.state != "refused" || row.code == sync::k_in_account || row.code == sync::k_foreign;
  });
  return all_there ? fmt::format("ringctl jobs show {} --rows", report.job.short_id())
                   : std::string("ringctl numbers search shows what there is");
}

}  // namespace

void show_purchases(const sync::BuyReport& report, const std::map<std::string, std::string>& prices,
                    Context& ctx) {
  auto rows = ctx.io().rows(k_buy_columns);
  rows.tell_all();
  std::int64_t undone = 0;
  for (const auto& row : report.rows) {
    const auto price = prices.find(row.object);
    rows.row({row.object, row.state, text_or_null(row.sid),
              price == prices.end() ? Cell() : text_or_null(price->second), text_or_null(row.code),
              text_or_null(row.message)});
    if (row.state == "undone") ++undone;
  }
  rows.finish();
  ctx.close();  // however it ends, this was done
  warn_of_found(report.found, ctx);
  ctx.io().note(fmt::format("bought {}; job {}", numbers_text(report.bought), report.job.short_id()));
  if (report.unknown > 0)
    throw Error(Errc::unknown_outcome, "twilio.unknown_outcome",
                fmt::format("{} may have been bought: Twilio did not say", numbers_text(report.unknown)),
                fmt::format("ringctl jobs resolve {}   (asks Twilio, buys nothing)", report.job.short_id()))
        .job(report.job.text());
  if (report.stopped) throw Error(*report.stopped);
  if (report.refused + undone == 0) return;
  throw Error(
      Errc::partial, "numbers.partly_bought",
      fmt::format("{} of {} were not bought", report.refused + undone, numbers_text(std::ssize(report.rows))),
      undone > 0 ? fmt::format("ringctl jobs resume {}", report.job.short_id()) : hint_after(report))
      .job(report.job.text());
}

namespace {

void run_buy(const BuyVerbOptions& opts, Context& ctx) {
  auto options = buy_options(opts, ctx);
  ctx.workspace_for_write();
  RunAccount account(ctx, opts);
  if (options.configure) options.wanted = sync::wanted_of(*account, webhook_urls(ctx));
  const auto plan = sync::plan_buy(*account, options);
  if (ctx.dry_run()) return show_plan(plan, ctx);
  ctx.io().confirm(fmt::format("buy {}?", purchase_text(plan)));
  std::map<std::string, std::string> prices;
  for (const auto& one : plan.numbers)
    if (one.price) prices[one.phone_number] = twilio::money_text(one.price->micros);
  show_purchases(sync::apply_buy(*account, plan, options, shown_progress(ctx, "numbers buy")), prices, ctx);
}

void add_search(Noun& numbers) {
  auto verb = numbers.verb<SearchOptions>("search", "Look for numbers that Twilio sells", run_search);
  add_search_flags(verb);
  verb.flag("count", &SearchOptions::count, "N", "At most so many, up to 10,000")
      .kind(ValueKind::count)
      .default_text("50")
      .columns(k_search_columns)
      .lists()
      .details(
          "Lists numbers that could be bought, each once, in order, with what such a number costs a month where Twilio "
          "tells. Twilio answers one question with few numbers; where more are wanted, the question is split until there "
          "are enough. Nothing is reserved by looking.")
      .example("ringctl numbers search --country US --area-code 202 --count 5")
      .example("ringctl numbers search --country GB --type mobile --sms -o json",
               "mobile numbers that can text");
  add_account_flags(verb);
  verb.exits({Errc::auth, Errc::not_found, Errc::conflict, Errc::invalid, Errc::locked, Errc::schema,
              Errc::twilio, Errc::twilio_rate, Errc::twilio_down, Errc::twilio_garbage, Errc::db_down,
              Errc::db_busy});
}

void add_buy(Noun& numbers) {
  auto verb = numbers.verb<BuyVerbOptions>("buy", "Buy numbers", run_buy);
  verb.argument(
      "number", &BuyVerbOptions::numbers,
      "The numbers; - reads them from standard input, one a line; none: as many as --count says, as searched");
  add_search_flags(verb);
  verb.flag("count", &BuyVerbOptions::count, "N", "How many to look for and buy")
      .kind(ValueKind::count)
      .default_text("1")
      .flag("budget", &BuyVerbOptions::budget, "AMOUNT", "What all of them may cost a month; more is refused")
      .flag("label", &BuyVerbOptions::label, "TEXT", "What people call them")
      .flag("address-sid", &BuyVerbOptions::address_sid, "SID",
            "Your address, where the country asks for one")
      .flag("bundle-sid", &BuyVerbOptions::bundle_sid, "SID", "Your papers, where the country asks for them")
      .flag("no-configure", &BuyVerbOptions::no_configure, "Buy them without webhooks")
      .columns(k_buy_columns)
      .details(
          "Shows how many and what they cost a month, asks, and buys them one by one, by number, each with its webhooks "
          "from the start. Every purchase is written down before Twilio is asked. One that nobody knows the outcome of is "
          "looked up, never repeated; if that cannot be done now, the command exits 24 and jobs resolve does it later. "
          "Neither --budget nor the workspace's buy_budget of the day is ever passed. Asks first, or takes --yes.")
      .example("ringctl numbers buy --country US --area-code 202 --count 2 --budget 5.00 --dry-run",
               "what would be bought, and for how much")
      .example("ringctl numbers buy --country US --area-code 415 --label Sales --yes");
  add_account_flags(verb);
  verb.exits({Errc::partial, Errc::auth, Errc::not_found, Errc::conflict, Errc::invalid, Errc::declined,
              Errc::locked, Errc::schema, Errc::twilio, Errc::twilio_rate, Errc::twilio_down,
              Errc::twilio_garbage, Errc::unknown_outcome, Errc::db_down, Errc::db_busy});
}

}  // namespace

void add_numbers_buy(Noun& numbers) {
  add_search(numbers);
  add_buy(numbers);
}

}  // namespace ringctl::cmd
