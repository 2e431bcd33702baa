#pragma once
// The estate of a scenario, brought into a database as people would: a workspace, and rows by the engine that
// imports files.

#include <filesystem>
#include <string>
#include <vector>

#include "audit/log.hpp"
#include "sim/scenario.hpp"

namespace ringctl::sim {

inline constexpr std::string_view k_workspace_name = "default";

/// Adds the workspace, sets what the scenario says of it (set_workspace()), and imports the folder it names.
/// The workspace's id. Throws Errc::invalid [scenario.bad] naming FILE:LINE for a value that is refused, and
/// for files what importing throws.
base::Uuid lay_out(audit::Session&, const Given&, const std::string& file);
/// The one that lay_out() made.
base::Uuid find_workspace(audit::Session&);

/// The same for rows that stand in the scenario. `folder`: for files on the way.
void import_rows(audit::Session&, const base::Uuid& workspace, const std::string& file,
                 const std::vector<GivenRows>&, const std::filesystem::path& folder);
/// Settings of the workspace, but for those that name a user: name_users() sets them, once the rows are in.
void set_workspace(audit::Session&, const base::Uuid& workspace, const std::string& file,
                   std::vector<std::pair<std::string, Json>> values);
void name_users(audit::Session&, const base::Uuid& workspace, const std::string& file,
                std::vector<std::pair<std::string, Json>> values);

/// Who and what is in a workspace, as a network has to know it.
struct Directory {
  struct Person {
    base::Uuid id;
    std::string email = {}, identity = {};  ///< "agent_..."
  };
  struct Line {
    std::string phone_number = {};
    bool voice = true, sms = true, mms = true;  ///< all, where nobody has said yet what it can
  };
  base::Uuid workspace;
  std::vector<Person> people = {};  ///< by e-mail
  std::vector<Line> numbers = {};   ///< Twilio's, in use; by number
};
Directory read_directory(db::Connection&, const base::Uuid& workspace);

}  // namespace ringctl::sim
