#pragma once
// Workspaces: the tenants. Everything else belongs to one.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/log.hpp"
#include "directory/workspace_settings.hpp"

namespace ringctl::directory {

struct Workspace {
  base::Uuid id;
  std::string name;
  std::string timezone;  ///< IANA
  std::optional<std::string>
      default_country;  ///< reads national numbers; none: numbers need + and a country code
  bool is_active = true;
  /// Canonical texts of workspace_settings(), in their order.
  std::vector<std::string> settings = initial_settings();
  std::int64_t version = 1;
  base::Instant created_at, updated_at;

  /// One of the settings. Throws std::out_of_range for a name that is none.
  const std::string& setting(std::string_view called) const { return settings[setting_place(called)]; }
};

struct SettingChange {
  std::string_view name;  ///< one of workspace_settings()
  std::string text;       ///< as typed; "" and "-" put it back to what it is at first
};

/// nullopt leaves alone; an empty default_country clears it.
struct WorkspaceChange {
  std::optional<std::string> name = {}, timezone = {}, default_country = {};
  std::optional<bool> is_active = {};
  std::vector<SettingChange> settings = {};
};

/// Each call runs in a transaction of its own.
class Workspaces {
 public:
  explicit Workspaces(audit::Session& session) : session_(session) {}

  /// Throws Errc::conflict [workspaces.exists], Errc::invalid for a bad name (1-100 characters, no control
  /// characters), zone or country ("UK" reads as GB).
  Workspace add(const std::string& name, const std::string& timezone,
                const std::optional<std::string>& country);
  /// False if nothing differed. Throws Errc::not_found [workspaces.unknown] with near names, Errc::invalid
  /// [workspaces.bad_value] for a setting that is refused, also by another one (support needs a number), and
  /// for a user whom the workspace does not have.
  bool update(const std::string& name, const WorkspaceChange&);
  /// What update() would return, without writing; throws for values that it would refuse.
  bool would_change(const Workspace&, const WorkspaceChange&);
  /// The fields in which it would differ then, by column.
  std::vector<std::string> changed_fields(const Workspace&, const WorkspaceChange&);

  /// Throw what add() would, the first for values that no workspace may hold, the second for a name that is
  /// taken.
  static void require_valid(const std::string& name, const std::string& timezone,
                            const std::optional<std::string>& country);
  void require_free(const std::string& name);

  /// By name.
  std::vector<Workspace> list();
  std::optional<Workspace> find(std::string_view name_or_id);
  Workspace get(std::string_view name_or_id);

  /// The workspace a command works in: the one named, else the only active one. None at all: nullopt.
  /// Several and none named: Errc::usage [workspaces.ambiguous] listing them. Named but inactive, or none is
  /// active: Errc::conflict [workspaces.inactive].
  std::optional<Workspace> resolve(const std::optional<std::string>& named);
  /// Throws that.
  static void require_active(const Workspace&);

 private:
  audit::Session& session_;
};

/// Ids of those that commands and calls may work in, in a transaction of its own.
std::vector<base::Uuid> active_workspaces(db::Connection&);

}  // namespace ringctl::directory
