#pragma once
// `NOUN import`: the same flags, progress, summary and exit statuses for every noun.

#include <optional>
#include <string>
#include <vector>

#include "bulk/adapter.hpp"
#include "bulk/import.hpp"
#include "cmd/io.hpp"
#include "cmd/registry.hpp"

namespace ringctl::cmd {

struct ImportArguments {
  std::string file;
  std::string input_format = "auto", input_header = "auto", encoding = "auto", on_conflict = "update";
  std::optional<std::string> input_delimiter, default_country, max_errors, rejects;
  std::vector<std::string> maps;
  bool atomic = false, restart = false;
};

/// The phases of an import as people see them go by, until it is destroyed.
class ImportProgress {
 public:
  explicit ImportProgress(Io& io) : io_(io) {}
  void operator()(const bulk::Progress&);

 private:
  Io& io_;
  std::optional<Progress> shown_;
  std::string phase_;
};

/// Those that the report names, and how many more there are.
void show_warnings(Io&, const bulk::ImportReport&);

/// Declares the verb with its flags; the noun adds its examples.
Verb<ImportArguments> add_import(Noun&, std::string_view summary,
                                 std::function<void(const ImportArguments&, Context&)> run);

/// Runs it: plan or write, report, and throw what the exit status asks for.
void run_import(const ImportArguments&, Context&, bulk::Adapter&);
void run_import(const bulk::ImportOptions&, Context&, bulk::Adapter&);

}  // namespace ringctl::cmd
