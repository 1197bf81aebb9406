#pragma once

#include <vector>

#include "lib/config/settings.hpp"

namespace gembal::config {

// The settings, each function those of the sections that its file is about, in the order of the
// example file.

std::vector<Setting> server_settings();  ///< server, store, auth, keys
std::vector<Setting> upstream_settings();
std::vector<Setting> pool_settings();
std::vector<Setting> model_settings();   ///< models, tools, safety
std::vector<Setting> stream_settings();  ///< audio, stream
std::vector<Setting> image_settings();   ///< downloads, images
std::vector<Setting> log_settings();     ///< logs, client

}  // namespace gembal::config
