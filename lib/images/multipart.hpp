#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/images/host.hpp"

namespace gembal::images {

/// Makes a POST of a multipart/form-data form: plain fields, then the picture as a file under the
/// name `file_field`. Errors: upstream (the picture is not base64).
Result<http::Request> post_form(
    std::string url, const Upload& upload, std::string_view file_field,
    const std::vector<std::pair<std::string, std::string>>& fields = {});

}  // namespace gembal::images
