#pragma once
// Lists in pages. A page's token names the record the page before it ended with, by its serial, so nothing is
// shown twice or left out when records come or go between two pages.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/rest_desk.hpp"
#include "sim/rest_json.hpp"

namespace ringctl::sim {

struct PageWish {
  std::int64_t size = 50, page = 0;
  bool backwards = false;
  std::uint64_t from = 0;  ///< the serial to go on from; 0 = none
};

/// What is shown, and what lies beyond.
struct PageShown {
  std::int64_t count = 0;
  std::uint64_t first = 0, last = 0;  ///< serials
  bool more = false;
};

/// Writes the members of a list, and around them what its API writes around lists.
class PageWriter {
 public:
  /// `base`: "" for the API of 2010, else what comes before /v1.
  PageWriter(const Ask& ask, std::string_view name, std::string_view base)
      : ask_(ask), name_(name), base_(base) {}

  /// Why there is no page: a token that is none.
  std::optional<RestAnswer> refused();
  const PageWish& wish() const { return wish_; }
  JsonText& json() { return json_; }
  void begin();
  RestAnswer end(const PageShown&);

 private:
  std::string link(std::int64_t page, std::string_view token) const;
  void link_or_null(std::string_view name, bool there, std::int64_t page, std::string_view token);
  void links_2010(const PageShown&);
  void meta(const PageShown&);

  const Ask& ask_;
  std::string_view name_, base_;
  PageWish wish_;
  JsonText json_;
};

template <typename T>
struct Found {
  std::uint64_t serial = 0;
  const T* thing = nullptr;
};

/// Some of a shelf, to be read as it is.
template <typename T>
class Few {
 public:
  using Thing = T;
  static constexpr std::uint64_t k_end = Shelf<T>::k_end;

  void add(std::uint64_t serial, const T& thing) { all_.push_back({serial, &thing}); }
  /// Before they are read.
  void sort() { std::ranges::sort(all_, {}, &Found<T>::serial); }
  template <typename Visit>
  void newest(std::uint64_t before, Visit&& visit) const {
    for (auto at = all_.rbegin(); at != all_.rend(); ++at)
      if (at->serial < before && !visit(at->serial, *at->thing)) return;
  }
  template <typename Visit>
  void oldest(std::uint64_t after, Visit&& visit) const {
    for (const auto& one : all_)
      if (one.serial > after && !visit(one.serial, *one.thing)) return;
  }

 private:
  std::vector<Found<T>> all_;
};

/// Those on the page, and one more if there is one. `From`: a Shelf, or a Few of one.
template <typename From, typename Wanted>
std::vector<Found<typename From::Thing>> gather(const From& shelf, const PageWish& wish, Wanted&& wanted) {
  using T = typename From::Thing;
  const auto most = static_cast<std::size_t>(wish.size) + 1;
  std::vector<Found<T>> found;
  found.reserve(most);
  auto skip = wish.from == 0 ? wish.page * wish.size : 0;
  const auto visit = [&](std::uint64_t serial, const T& thing) {
    if (!wanted(thing)) return true;
    if (skip-- > 0) return true;
    found.push_back({serial, &thing});
    return found.size() < most;
  };
  if (wish.backwards)
    shelf.oldest(wish.from, visit);
  else
    shelf.newest(wish.from == 0 ? From::k_end : wish.from, visit);
  return found;
}

/// The page of what `wanted(thing)`, each written by `write(json, thing)` between its braces.
template <typename From, typename Wanted, typename Write>
RestAnswer page_of(const Ask& ask, std::string_view name, const From& shelf, Wanted&& wanted, Write&& write,
                   std::string_view base = {}) {
  PageWriter writer(ask, name, base);
  if (auto refusal = writer.refused()) return *refusal;
  auto found = gather(shelf, writer.wish(), wanted);
  PageShown shown;
  shown.more = found.size() > static_cast<std::size_t>(writer.wish().size);
  if (shown.more) found.pop_back();
  if (writer.wish().backwards) {
    std::reverse(found.begin(), found.end());
    shown.more = true;  // at least the record the token is of
  }
  writer.begin();
  for (const auto& one : found) {
    writer.json().open();
    write(writer.json(), *one.thing);
    writer.json().close();
  }
  shown.count = static_cast<std::int64_t>(found.size());
  if (!found.empty()) shown.first = found.front().serial, shown.last = found.back().serial;
  return writer.end(shown);
}

/// The same of a plain list, whose places are its serials: first 1.
template <typename T, typename Write>
RestAnswer page_of_list(const Ask& ask, std::string_view name, const std::vector<T>& all, Write&& write,
                        std::string_view base = {}) {
  PageWriter writer(ask, name, base);
  if (auto refusal = writer.refused()) return *refusal;
  const auto& wish = writer.wish();
  const auto size = static_cast<std::uint64_t>(wish.size);
  auto begin = wish.from == 0 ? static_cast<std::uint64_t>(wish.page) * size : wish.from;
  if (wish.backwards) begin = wish.from > size ? wish.from - 1 - size : 0;
  begin = std::min<std::uint64_t>(begin, all.size());
  const auto end = std::min<std::uint64_t>(begin + size, all.size());
  writer.begin();
  for (auto i = begin; i < end; ++i) {
    writer.json().open();
    write(writer.json(), all[i]);
    writer.json().close();
  }
  return writer.end({static_cast<std::int64_t>(end - begin), begin + 1, end, end < all.size()});
}

inline constexpr auto k_everything = [](const auto&) { return true; };

}  // namespace ringctl::sim
