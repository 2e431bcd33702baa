// Rows go to a temporary file of the library's as they come, and finish() packs them into a second one. What
// may not stand in a file of this kind is replaced or marked before the library sees it: it passes bytes on
// as they are.
#include "report/workbook.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xlsxwriter.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"

namespace ringctl::report {
namespace {

constexpr std::size_t k_longest_text = 32767;  // UTF-16 units, as the format counts
constexpr lxw_row_t k_last_row = LXW_ROW_MAX;  // rows of a sheet, that of the titles among them
constexpr std::size_t k_longest_name = 31;
constexpr std::int64_t k_exact = 999'999'999'999'999;  // a spreadsheet keeps 15 digits

[[noreturn]] void fail(const std::string& why) {
  throw Error(Errc::output, "output.write_failed", fmt::format("could not make the workbook: {}", why),
              "TMPDIR names the folder of temporary files");
}
void check(lxw_error error) {
  if (error != LXW_NO_ERROR) fail(lxw_strerror(error));
}

std::size_t size_of_character(unsigned char lead) {
  return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

/// "_x0041_" would be read as a character of that number.
bool begins_escape(std::string_view text) {
  const auto is_hex = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  };
  return text.size() >= 7 && text[0] == '_' && text[1] == 'x' && text[6] == '_' &&
         std::all_of(text.begin() + 2, text.begin() + 6, is_hex);
}

/// One character, as it is to be written: no XML holds NUL, U+FFFE and U+FFFF; the library marks other
/// control characters.
std::string_view written(std::string_view character, std::string_view rest) {
  if (character == std::string_view("\0", 1) || character == "\xEF\xBF\xBE" || character == "\xEF\xBF\xBF")
    return "\xEF\xBF\xBD";
  if (character == "_" && begins_escape(rest)) return "_x005F_";
  return character;
}

/// Text as a cell takes it; `cut` is set if the end did not fit.
std::string cell_text(std::string_view text, bool& cut) {
  std::string out;
  std::size_t units = 0;
  while (!text.empty()) {
    const auto lead = static_cast<unsigned char>(text.front());
    auto size = std::min(size_of_character(lead), text.size());
    auto piece = text.substr(0, size);
    if (lead >= 0x80 && !base::valid_utf8(piece)) {
      size = 1;
      piece = "\xEF\xBF\xBD";
    }
    piece = written(piece, text);
    units += size == 4 ? 2U : piece.size() == 7 ? 7U : 1U;
    if (units > k_longest_text) {
      cut = true;
      break;
    }
    out.append(piece);
    text.remove_prefix(size);
  }
  return out;
}

/// No sheet is called by what a formula would take for something else.
std::string sheet_name(std::string_view name, std::size_t number) {
  const auto ending = number > 1 ? fmt::format(" {}", number) : std::string();
  std::string out;
  std::size_t units = 0;
  for (std::size_t i = 0; i < name.size();) {
    const auto size = std::min(size_of_character(static_cast<unsigned char>(name[i])), name.size() - i);
    const auto piece = name.substr(i, size);
    units += size == 4 ? 2 : 1;
    if (units + ending.size() > k_longest_name) break;
    const bool allowed = piece.size() > 1
                             ? base::valid_utf8(piece)
                             : static_cast<unsigned char>(piece[0]) >= 0x20 &&
                                   static_cast<unsigned char>(piece[0]) < 0x7F &&
                                   std::string_view("[]:*?/\\'").find(piece[0]) == std::string_view::npos;
    out.append(allowed ? piece : "-");
    i += size;
  }
  return (out.empty() ? "Rows" : out) + ending;
}

/// "-12.50" as a number and its decimal places; nothing where a spreadsheet could not keep every digit.
std::optional<double> exact_decimal(std::string_view text) {
  auto digits = text;
  if (digits.starts_with('-')) digits.remove_prefix(1);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto count = std::count_if(digits.begin(), digits.end(), is_digit);
  const auto points = std::count(digits.begin(), digits.end(), '.');
  if (count == 0 || count > 15 || points > 1 || count + points != std::ssize(digits) ||
      !is_digit(digits.front()) || !is_digit(digits.back()))
    return std::nullopt;
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// "2026-03-08"; nothing for other texts, and for days that the format has no number for.
std::optional<lxw_datetime> date_of(std::string_view text) {
  const auto part = [&](std::size_t from, std::size_t size) {
    return base::parse_int(text.substr(from, size));
  };
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto year = part(0, 4), month = part(5, 2), day = part(8, 2);
  if (!year || !month || !day || *year < 1901 || *month < 1 || *month > 12 || *day < 1 || *day > 31)
    return std::nullopt;
  lxw_datetime date{};
  date.year = static_cast<int>(*year);
  date.month = static_cast<int>(*month);
  date.day = static_cast<int>(*day);
  return date;
}

double width_of(SheetType type, std::size_t title) {
  const auto least = static_cast<double>(title) + 3;  // the arrow of the filter stands beside the title
  switch (type) {
    case SheetType::text:
      return std::max(least, 24.0);
    case SheetType::time:
      return std::max(least, 30.0);
    case SheetType::date:
      return std::max(least, 12.0);
    default:
      return std::max(least, 10.0);
  }
}

/// The library does not look whether its temporary file took what it was given.
void check_written(FILE* file) {
  if (file == nullptr) return;
  if (std::fflush(file) != 0 || std::ferror(file) != 0) fail(std::generic_category().message(errno));
}

/// Nor whether the second copy that it makes of each sheet, and then packs, did: so there must be room for it
/// first.
void check_room(std::int64_t bytes) {
  const auto file = base::temporary_file();
  const auto error = ::posix_fallocate(file.get(), 0, bytes);
  if (error != 0 && error != EOPNOTSUPP && error != EINVAL) fail(std::generic_category().message(error));
}

/// For a book that is given up: closing it would pack all that is in it first, and the library forgets the
/// temporary files of sheets that are not packed.
struct Abandon {
  void operator()(lxw_workbook* book) const {
    lxw_worksheet* sheet = nullptr;
    STAILQ_FOREACH(sheet, book->worksheets, list_pointers) {
      if (sheet->optimize_tmpfile != nullptr) std::fclose(sheet->optimize_tmpfile);
    }
    lxw_workbook_free(book);
  }
};

}  // namespace

struct Workbook::Impl {
  Impl(std::string called, std::vector<SheetColumn> given, base::Instant made_at)
      : name(std::move(called)), columns(std::move(given)), file(base::temporary_file()) {
    const auto folder = std::filesystem::temp_directory_path();
    lxw_workbook_options options{};
    options.constant_memory = LXW_TRUE;
    auto folder_name = folder.string();
    options.tmpdir = folder_name.data();
    // A name of the file without one: nothing is left behind, however the program ends.
    const auto path = fmt::format("/proc/self/fd/{}", file.get());
    book.reset(workbook_new_opt(path.c_str(), &options));
    if (!book) fail("out of memory");
    lxw_doc_properties properties{};
    std::string by = "ringctl";
    properties.author = by.data();
    properties.created = std::chrono::floor<std::chrono::seconds>(made_at).time_since_epoch().count();
    check(workbook_set_properties(book.get(), &properties));
    bold = workbook_add_format(book.get());
    format_set_bold(bold);
    money = workbook_add_format(book.get());
    format_set_num_format(money, "0.00####");
    date = workbook_add_format(book.get());
    format_set_num_format(date, "yyyy-mm-dd");
    add_sheet();
  }
  void end_sheet() {
    if (sheet != nullptr && !columns.empty())
      check(worksheet_autofilter(sheet, 0, 0, std::max<lxw_row_t>(next_row, 2) - 1,
                                 static_cast<lxw_col_t>(columns.size() - 1)));
  }

  void add_sheet() {
    end_sheet();
    if (sheet != nullptr) check_written(sheet->optimize_tmpfile);
    sheets.push_back(sheet = workbook_add_worksheet(book.get(), sheet_name(name, sheets.size() + 1).c_str()));
    if (sheet == nullptr || sheet->optimize_tmpfile == nullptr) fail("TMPDIR takes no file");
    next_row = 0;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const auto at = static_cast<lxw_col_t>(i);
      check(worksheet_set_column(sheet, at, at, width_of(columns[i].type, columns[i].title.size()), nullptr));
      put_text(at, columns[i].title, bold);
    }
    worksheet_freeze_panes(sheet, 1, 0);
    next_row = 1;
  }

  void put_text(lxw_col_t column, std::string_view text, lxw_format* format = nullptr) {
    bool was_cut = false;
    const auto fitting = cell_text(text, was_cut);
    if (was_cut) ++cut;
    check(worksheet_write_string(sheet, next_row, column, fitting.c_str(), format));
  }

  void put_typed(lxw_col_t column, SheetType type, std::string_view text) {
    if (const auto value = type == SheetType::money ? exact_decimal(text) : std::nullopt)
      check(worksheet_write_number(sheet, next_row, column, *value, money));
    else if (auto day = type == SheetType::date ? date_of(text) : std::nullopt)
      check(worksheet_write_datetime(sheet, next_row, column, &*day, date));
    else
      put_text(column, text);
  }

  void put(lxw_col_t column, const SheetCell& cell) {
    if (const auto* text = std::get_if<std::string_view>(&cell)) {
      put_typed(column, columns[column].type, *text);
    } else if (const auto* whole = std::get_if<std::int64_t>(&cell)) {
      if (*whole > k_exact || *whole < -k_exact) return put_text(column, std::to_string(*whole));
      check(worksheet_write_number(sheet, next_row, column, static_cast<double>(*whole), nullptr));
    } else if (const auto* real = std::get_if<double>(&cell)) {
      if (std::isfinite(*real)) check(worksheet_write_number(sheet, next_row, column, *real, nullptr));
    } else if (const auto* yes = std::get_if<bool>(&cell)) {
      check(worksheet_write_boolean(sheet, next_row, column, *yes ? 1 : 0, nullptr));
    }
  }

  std::string name;
  std::vector<SheetColumn> columns;
  base::Fd file;
  std::unique_ptr<lxw_workbook, Abandon> book;
  lxw_worksheet* sheet = nullptr;
  std::vector<lxw_worksheet*> sheets;
  lxw_format *bold = nullptr, *money = nullptr, *date = nullptr;
  lxw_row_t next_row = 0;
  std::int64_t cut = 0;
};

Workbook::Workbook(std::string name, std::vector<SheetColumn> columns, base::Instant made_at)
    : impl_(std::make_unique<Impl>(std::move(name), std::move(columns), made_at)) {}

Workbook::~Workbook() = default;

void Workbook::row(std::span<const SheetCell> cells) {
  if (impl_->next_row == k_last_row) impl_->add_sheet();
  for (std::size_t i = 0; i < cells.size(); ++i) impl_->put(static_cast<lxw_col_t>(i), cells[i]);
  ++impl_->next_row;
}

std::int64_t Workbook::finish(const Sink& sink) {
  impl_->end_sheet();
  std::int64_t bytes = 0;
  for (const auto* sheet : impl_->sheets) {
    check_written(sheet->optimize_tmpfile);
    bytes = std::max<std::int64_t>(bytes, std::ftell(sheet->optimize_tmpfile));
  }
  // One sheet at a time is copied, with its last row, and at the worst takes as much again when it is packed.
  check_room(2 * bytes + (1 << 20));
  check(workbook_close(impl_->book.release()));
  if (const auto error = base::read_back(impl_->file.get(), sink)) fail(error.message());
  return impl_->cut;
}

}  // namespace ringctl::report
