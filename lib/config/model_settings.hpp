#pragma once

#include "lib/config/settings.hpp"

namespace gembal::config {

// The settings about models whose values are more than lists of names.

Setting fallbacks_setting();
Setting aliases_setting();
Setting thinking_budget_setting();
Setting safety_setting();

}  // namespace gembal::config
