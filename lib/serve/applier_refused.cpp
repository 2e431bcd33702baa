#include "serve/applier_refused.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "serve/journal_disk.hpp"
#include "serve/journal_slot.hpp"

namespace ringctl::serve {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view k_extension = ".record";
constexpr std::string_view k_sequence = "sequence: ", k_received = "received: ", k_reason = "reason: ";
constexpr std::size_t k_longest_reason = 2000;
constexpr std::size_t k_largest_file = k_largest_record + 4096;

fs::path refused_folder(const fs::path& slot) { return slot / "refused"; }

std::string one_line(std::string_view reason) {
  std::string text(reason.substr(0, k_longest_reason));
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return text;
}

/// The rest of the line that begins with `name`, which is taken off `text`.
std::string_view take_line(std::string_view& text, std::string_view name, const fs::path& file) {
  const auto end = text.find('\n');
  if (!text.starts_with(name) || end == std::string_view::npos)
    throw Error(Errc::invalid, "journal.not_a_record",
                fmt::format("{} is not a refused record", file.string()));
  const auto value = text.substr(name.size(), end - name.size());
  text.remove_prefix(end + 1);
  return value;
}

}  // namespace

void set_aside(const fs::path& slot, const Record& record, std::string_view reason) {
  const auto folder = refused_folder(slot);
  std::error_code failed;
  if (fs::create_directory(folder, failed)) {
    fs::permissions(folder, fs::perms::owner_all, failed);
    if (!failed) failed = system_disk().sync_folder(slot);
  }
  if (failed)
    throw Error(Errc::output, "output.write_failed",
                fmt::format("could not write {}: {}", folder.string(), failed.message()));
  base::AtomicFile file(folder / fmt::format("{:020}{}", record.sequence, k_extension), 0600);
  file.write(fmt::format("{}{}\n{}{}\n{}{}\n\n", k_sequence, record.sequence, k_received,
                         base::format_utc(record.at), k_reason, one_line(reason)));
  file.write(record.bytes);
  file.commit();
}

Refused read_refused(const fs::path& file) {
  const auto text = base::read_file(file, k_largest_file);
  std::string_view rest = text;
  Refused refused;
  const auto sequence = base::parse_int(take_line(rest, k_sequence, file));
  refused.at = base::parse_utc(take_line(rest, k_received, file));
  refused.reason = take_line(rest, k_reason, file);
  take_line(rest, "", file);
  refused.sequence = static_cast<std::uint64_t>(sequence.value_or(0));
  refused.bytes = rest;
  return refused;
}

void remove_refused(const fs::path& root, base::Instant before) {
  for (const auto& file : refused_files(root)) {
    try {
      std::error_code ignored;
      if (read_refused(file).at < before) fs::remove(file, ignored);
    } catch (const Error&) {  // for a person to look at
    }
  }
}

std::vector<fs::path> refused_files(const fs::path& root) {
  std::vector<fs::path> files;
  for (const auto number : slots(root)) {
    const auto from = static_cast<std::ptrdiff_t>(files.size());
    std::error_code none;
    for (fs::directory_iterator at(refused_folder(slot_folder(root, number)), none), end; !none && at != end;
         at.increment(none))
      if (at->path().extension() == k_extension) files.push_back(at->path());
    std::sort(files.begin() + from, files.end());
  }
  return files;
}

}  // namespace ringctl::serve
