#pragma once
// The three readers behind Reader::open. Private to this room.

#include <memory>

#include "csv/lines.hpp"
#include "csv/reader.hpp"

namespace ringctl::csv {

std::unique_ptr<Reader> make_csv_reader(Lines, char delimiter);
std::unique_ptr<Reader> make_tsv_reader(Lines);
std::unique_ptr<Reader> make_jsonl_reader(Lines, bool null_is_empty);

/// Writes a fault into a record. `kept` holds the message for as long as the record needs it.
inline void report(Record& record, Fault& kept, Fault fault) {
  kept = std::move(fault);
  record.error = kept.text;
  record.error_code = kept.code;
}

}  // namespace ringctl::csv
