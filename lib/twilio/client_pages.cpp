// A second thread fetches, this one reads and hands on. The fetching thread must know the next address before
// the page is read: it looks for the last name "next_page_uri" in the bytes, which costs nothing, and what it
// found is held against what the whole page says before anybody sees an item of it.
#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <thread>
#include <unordered_set>

#include "base/sid.hpp"
#include "twilio/client_impl.hpp"

namespace ringctl::twilio {
namespace {

constexpr std::chrono::milliseconds k_look{100};
constexpr std::size_t k_longest_address = 4096;

Error bad_page(const Ask& ask, std::string_view why) {
  const auto path = std::string_view(ask.path);
  return {Errc::twilio_garbage, "twilio.bad_page",
          fmt::format("{} {}: {}", ask.method, path.substr(0, path.find('?')), why)};
}

/// The path and query of an address, whatever host it names: the login goes to no other than the configured.
std::string path_and_query(const std::string& address) {
  const auto scheme = address.find("://");
  if (scheme == std::string::npos || address.starts_with('/')) return address;
  const auto slash = address.find('/', scheme + 3);
  return slash == std::string::npos ? std::string("/") : address.substr(slash);
}

/// Whether it is a page of the list that was asked for.
bool is_page_of(std::string_view address, std::string_view path) {
  if (address.size() > k_longest_address || address.substr(0, address.find('?')) != path) return false;
  return std::all_of(address.begin(), address.end(), [](char c) { return c > ' ' && c < 0x7F && c != '#'; });
}

std::string_view name_of_next(Api api) { return api == Api::core ? "next_page_uri" : "next_page_url"; }

std::string next_address(const Json& page, Api api) {
  const auto* const from = api == Api::core ? &page : page.find("meta");
  return from == nullptr ? std::string() : path_and_query(from->text(name_of_next(api)));
}

/// Behind the last `name` that is a name, not a text of that spelling; npos: there is none. An unescaped quote
/// ends a text, so that it stands within none.
std::size_t behind_last_name(std::string_view body, const std::string& name) {
  for (auto at = body.rfind(name); at != body.npos; at = at == 0 ? body.npos : body.rfind(name, at - 1)) {
    const auto colon = body.find_first_not_of(" \t\r\n", at + name.size());
    if (colon != body.npos && body[colon] == ':') return colon + 1;
  }
  return body.npos;
}

/// The same, from the bytes.
std::string scan_next_address(std::string_view body, Api api) {
  const auto name = fmt::format("\"{}\"", name_of_next(api));
  auto at = behind_last_name(body, name);
  if (at == body.npos) return {};
  at = body.find_first_not_of(" \t\r\n", at);
  if (at == body.npos || body[at] != '"') return {};
  auto end = at + 1;
  while (end < body.size() && body[end] != '"') end += body[end] == '\\' ? 2U : 1U;
  if (end >= body.size()) return {};
  const auto value = Json::try_parse(fmt::format("{{\"a\":{}}}", body.substr(at, end + 1 - at)));
  return value ? path_and_query(value->text("a")) : std::string();
}

struct Fetched {
  Outcome outcome;
  std::string next = {};
};

/// One page that waits for its reader.
class Handover {
 public:
  /// False once nobody reads any more.
  bool put(Fetched page) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !page_ || closed_; });
    if (closed_) return false;
    page_ = std::move(page);
    changed_.notify_all();
    return true;
  }
  std::optional<Fetched> take(std::chrono::milliseconds most) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, most, [&] { return page_.has_value(); });
    auto page = std::move(page_);
    page_.reset();
    changed_.notify_all();
    return page;
  }
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Fetched> page_;
  bool closed_ = false;
};

/// Fetches one page after the other until the list ends, an attempt fails for good, or nobody reads.
class Fetcher {
 public:
  Fetcher(const ClientOptions& options, const base::Clock& clock, std::recursive_mutex* wire, Ask first)
      : options_(options),
        clock_(clock),
        wire_(wire),
        first_(std::move(first)),
        path_(path_of(first_, options.credentials.account_sid)) {
    options_.cancel = &stop_;
    options_.slots = nullptr;
    thread_ = std::thread([this] { run(); });
  }
  ~Fetcher() {
    stop(1);
    handover_.close();
    thread_.join();
  }
  Fetcher(const Fetcher&) = delete;
  Fetcher& operator=(const Fetcher&) = delete;

  std::optional<Fetched> take() { return handover_.take(k_look); }
  const std::string& path() const { return path_; }
  void stop(int status) { stop_.cancel(status); }
  /// After an end that was waited for.
  Client::Traffic traffic() const {
    const std::lock_guard lock(traffic_mutex_);
    return traffic_;
  }

 private:
  void run() noexcept {
    try {
      Engine engine(options_, clock_, nullptr);
      auto ask = first_;
      ask.raw = true;
      for (;;) {
        Fetched page{fetch(engine, ask)};
        if (const auto* const reply = std::get_if<Reply>(&page.outcome))
          page.next = scan_next_address(reply->body, ask.api);
        const auto next = page.next;
        note(engine.traffic());
        if (!handover_.put(std::move(page)) || next.empty() || !is_page_of(next, path_)) return;
        ask.path = "/" + next;
        ask.query.clear();
      }
    } catch (const std::exception& error) {  // out of memory, and a URL that libcurl does not take
      Failed failed;
      failed.kind = Failed::Kind::garbage;
      failed.message = error.what();
      try {
        handover_.put({Outcome(std::move(failed))});
      } catch (const std::exception&) {
        stop(1);
      }
    }
  }
  Outcome fetch(Engine& engine, const Ask& ask) {
    std::unique_lock<std::recursive_mutex> lock;
    if (wire_ != nullptr) lock = std::unique_lock(*wire_);
    return engine.ask(ask);
  }
  void note(const Client::Traffic& traffic) {
    const std::lock_guard lock(traffic_mutex_);
    traffic_ = traffic;
  }

  ClientOptions options_;
  const base::Clock& clock_;
  std::recursive_mutex* wire_;
  const Ask first_;
  const std::string path_;
  base::CancelToken stop_;
  Handover handover_;
  mutable std::mutex traffic_mutex_;
  Client::Traffic traffic_;
  std::thread thread_;
};

/// SIDs that came, in 16 bytes each: a list is of one kind.
class SeenSids {
 public:
  /// False if it came before. What is no SID is always new: usage has none.
  bool insert(std::string_view sid) {
    if (sid.size() != 34 || !base::is_sid(sid, sid.substr(0, 2))) return true;
    return seen_.insert({half(sid.substr(2, 16)), half(sid.substr(18))}).second;
  }

 private:
  using Key = std::pair<std::uint64_t, std::uint64_t>;
  struct Hash {
    std::size_t operator()(const Key& key) const { return key.first ^ (key.second * 0x9E3779B97F4A7C15U); }
  };
  static std::uint64_t half(std::string_view hex) {
    std::uint64_t value = 0;
    for (const char c : hex) value = value << 4U | static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
    return value;
  }
  std::unordered_set<Key, Hash> seen_;
};

/// Reads pages in the caller's thread.
class Reader {
 public:
  Reader(const Ask& first, std::string_view list, const std::string& path, std::size_t most_pages)
      : first_(first), list_(list), path_(path), most_pages_(most_pages) {}

  /// The page whole, its next address checked.
  Json read(const Fetched& page) {
    std::string why;
    auto json = Json::try_parse(std::get<Reply>(page.outcome).body, &why);
    if (!json) throw bad_page(first_, why);
    const auto* const items = json->find(list_);
    if (items == nullptr || !items->is_list())
      throw bad_page(first_, fmt::format("there is no list {}", list_));
    check_next(next_address(*json, first_.api), page.next);
    return *std::move(json);
  }

  /// Those that did not come before; `all` itself where that is all of them.
  const std::vector<Json>& fresh(const std::vector<Json>& all) {
    std::vector<bool> again(all.size());
    bool any = false;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (!all[i].is_object()) throw bad_page(first_, fmt::format("an item of {} is no object", list_));
      again[i] = !sids_.insert(all[i].text("sid"));
      any = any || again[i];
    }
    if (!any) return all;
    kept_.clear();
    for (std::size_t i = 0; i < all.size(); ++i)
      if (!again[i]) kept_.push_back(all[i]);
    return kept_;
  }

 private:
  void check_next(const std::string& next, const std::string& followed) {
    if (next != followed) throw bad_page(first_, "its next page is named twice, and differently");
    if (next.empty()) return;
    if (!is_page_of(next, path_)) throw bad_page(first_, "its next page is none of this list");
    if (!addresses_.insert(next).second) throw bad_page(first_, "its pages go round in a circle");
    if (addresses_.size() >= most_pages_)
      throw bad_page(first_, fmt::format("it has more than {} pages", most_pages_));
  }

  const Ask& first_;
  std::string_view list_;
  const std::string& path_;
  std::size_t most_pages_;
  std::unordered_set<std::string> addresses_;
  SeenSids sids_;
  std::vector<Json> kept_;
};

bool has_name(const Fields& fields, std::string_view name) {
  return std::any_of(fields.begin(), fields.end(), [&](const auto& field) { return field.first == name; });
}

}  // namespace

std::uint64_t Client::pages(Ask first, std::string_view list,
                            const std::function<bool(const std::vector<Json>&)>& visit, std::size_t page_size,
                            std::size_t most_pages) {
  auto& impl = *impl_;
  auto* const slots = impl.options.slots.get();
  if (!has_name(first.query, "PageSize")) first.query.emplace_back("PageSize", std::to_string(page_size));
  const auto busy = impl.engine.in_flight();  // of a run that this is called from
  if (slots != nullptr) slots->hold(busy + 1, busy);
  const Counted paging(impl.paging);
  std::uint64_t count = 0;
  Fetcher fetcher(impl.options, impl.clock, slots != nullptr ? &impl.wire : nullptr, first);
  Reader reader(first, list, fetcher.path(), most_pages);
  for (bool more = true; more;) {
    if (impl.options.cancel != nullptr) impl.options.cancel->check();
    if (slots != nullptr) slots->hold(busy + 1, busy + 1);
    const auto page = fetcher.take();
    if (!page) continue;
    if (const auto* const failed = std::get_if<Failed>(&page->outcome)) impl.fail(*failed);
    const auto json = reader.read(*page);
    const auto& items = reader.fresh(json.find(list)->items());
    count += items.size();
    more = visit(items) && !page->next.empty();
  }
  impl.engine.add_traffic(fetcher.traffic());
  return count;
}

}  // namespace ringctl::twilio
