#include "db/doors.hpp"

namespace ringctl::db {

std::string_view door_name(Door door) {
  switch (door) {
    case Door::none:
      return "";
    case Door::workspaces:
      return "workspaces";
    case Door::number_holder:
      return "number_holder";
    case Door::token_holder:
      return "token_holder";
    case Door::maintenance:
      return "maintenance";
  }
  return "";
}

}  // namespace ringctl::db
