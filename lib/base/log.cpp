// spdlog writes the lines; it is set up when the first one is written, because most runs write none.
#include "base/log.hpp"

#include <fmt/format.h>
#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <atomic>
#include <chrono>
#include <future>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "base/async_log.hpp"
#include "base/text.hpp"

namespace ringctl::base {
namespace {

std::atomic<LogLevel> g_level{LogLevel::warn};
std::atomic<LogFormat> g_format{LogFormat::text};

constexpr const char* k_text_pattern = "ringctl: %l: %v";
constexpr const char* k_json_pattern = R"({"ts":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})";

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::error:
      return spdlog::level::err;
    case LogLevel::warn:
      return spdlog::level::warn;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::trace:
      return spdlog::level::trace;
  }
  return spdlog::level::trace;
}

constexpr const char* pattern_of(LogFormat format) {
  return format == LogFormat::json ? k_json_pattern : k_text_pattern;
}

template <class Logger, class... Arguments>
std::shared_ptr<spdlog::logger> make_logger(LogFormat format, Arguments&&... arguments) {
  auto logger = std::make_shared<Logger>("ringctl", std::make_shared<spdlog::sinks::stderr_sink_mt>(),
                                         std::forward<Arguments>(arguments)...);
  logger->set_formatter(
      std::make_unique<spdlog::pattern_formatter>(pattern_of(format), spdlog::pattern_time_type::utc));
  logger->set_level(spdlog::level::trace);
  return logger;
}

/// What an AsyncLog set up.
struct Async {
  explicit Async(std::size_t lines)
      : pool(std::make_shared<spdlog::details::thread_pool>(lines, 1)),
        text(make_logger<spdlog::async_logger>(LogFormat::text, pool, k_drop_oldest)),
        json(make_logger<spdlog::async_logger>(LogFormat::json, pool, k_drop_oldest)) {}
  static constexpr auto k_drop_oldest = spdlog::async_overflow_policy::overrun_oldest;
  std::shared_ptr<spdlog::details::thread_pool> pool;
  std::shared_ptr<spdlog::logger> text, json;
};
std::atomic<Async*> g_async{nullptr};

spdlog::logger& logger(LogFormat format) {
  if (const auto* const async = g_async.load(std::memory_order_acquire))
    return format == LogFormat::json ? *async->json : *async->text;
  if (format == LogFormat::json) {
    static const auto json = make_logger<spdlog::logger>(LogFormat::json);
    return *json;
  }
  static const auto text = make_logger<spdlog::logger>(LogFormat::text);
  return *text;
}

/// Control characters, and the bytes of a text that is not UTF-8, as \u00XX, so that data can neither break a
/// line nor drive a terminal. `quoted`: for a JSON string.
std::string escaped(std::string_view text, bool quoted) {
  std::string out;
  out.reserve(text.size());
  const bool utf8 = valid_utf8(text);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F || (byte >= 0x80 && !utf8))
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", byte);
    else if (quoted && (c == '"' || c == '\\'))
      out.append({'\\', c});
    else
      out.push_back(c);
  }
  return out;
}

bool is_empty(const LogField& field) {
  const auto* const text = std::get_if<std::string_view>(&field.value);
  return text != nullptr && text->empty();
}

void append_value(std::string& line, const LogField& field, bool json) {
  if (const auto* const text = std::get_if<std::string_view>(&field.value)) {
    const bool quoted = json || text->find_first_of(" \"=") != std::string_view::npos;
    line += quoted ? fmt::format("\"{}\"", escaped(*text, true)) : escaped(*text, false);
  } else if (const auto* const integer = std::get_if<std::int64_t>(&field.value)) {
    fmt::format_to(std::back_inserter(line), "{}", *integer);
  } else {
    fmt::format_to(std::back_inserter(line), "{:.3f}", std::get<double>(field.value));
  }
}

void write_line(LogLevel level, LogFormat format, std::string_view line) {
  logger(format).log(spdlog_level(level), spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace

void configure_log(LogLevel level, LogFormat format) {
  g_level = level;
  g_format = format;
}

bool log_enabled(LogLevel level) { return level <= g_level.load(std::memory_order_relaxed); }

void log(LogLevel level, std::string_view event, std::string_view message) {
  if (!log_enabled(level)) return;
  const LogFormat format = g_format;
  const bool json = format == LogFormat::json;
  const auto line =
      json ? fmt::format(R"("event":"{}","message":"{}")", escaped(event, true), escaped(message, true))
           : fmt::format("{}: {}", escaped(event, false), escaped(message, false));
  write_line(level, format, line);
}

void log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  if (!log_enabled(level)) return;
  const LogFormat format = g_format;
  const bool json = format == LogFormat::json;
  std::string line = json ? fmt::format(R"("event":"{}")", escaped(event, true)) : escaped(event, false);
  for (const auto& field : fields) {
    if (is_empty(field)) continue;
    line += json ? fmt::format(R"(,"{}":)", field.name) : fmt::format(" {}=", field.name);
    append_value(line, field, json);
  }
  write_line(level, format, line);
}

struct AsyncLog::Impl : Async {
  using Async::Async;
};

AsyncLog::AsyncLog(std::size_t lines) : impl_(std::make_unique<Impl>(lines)) {
  g_async.store(impl_.get(), std::memory_order_release);
}

/// The pool's own end waits for its last line, which nobody may ever read. So somebody else waits for it.
AsyncLog::~AsyncLog() {
  g_async.store(nullptr, std::memory_order_release);
  std::promise<void> written;
  const auto end = written.get_future();
  std::thread([impl = std::move(impl_), written = std::move(written)]() mutable {
    impl.reset();
    written.set_value();
  }).detach();
  end.wait_for(std::chrono::seconds(1));
}

std::uint64_t log_lines_dropped() {
  const auto* const async = g_async.load(std::memory_order_acquire);
  return async == nullptr ? 0 : async->pool->overrun_counter();
}

}  // namespace ringctl::base
