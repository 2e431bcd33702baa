#pragma once
// North American area codes that came into use after libphonenumber's data was made, and those an operator
// adds. Asked only where the library knows no region for a number.

#include <string_view>

namespace ringctl::phone {

/// "728=US": numbers +1 728 belong to the US. For the whole process; a code given twice keeps the later
/// region. May be called while other threads ask. Throws Errc::invalid [phone.bad_area_code] unless it is
/// three digits an area code can have and a region of +1.
void add_area_code(std::string_view entry);

/// When the built-in list was last compared with the numbering plan: "2025-11".
std::string_view area_codes_as_of();

}  // namespace ringctl::phone
