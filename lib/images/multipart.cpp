#include "lib/images/multipart.hpp"

#include "lib/core/base64.hpp"
#include "lib/core/digest.hpp"

namespace gembal::images {

Result<http::Request> post_form(std::string url, const Upload& upload, std::string_view file_field,
                                const std::vector<std::pair<std::string, std::string>>& fields) {
  // Sixteen random bytes stand in no picture.
  const std::string boundary = "gembal-" + random_hex(16);
  auto body = std::make_shared<std::string>();
  body->reserve(upload.picture.base64.size() / 4 * 3 + 1024);
  for (const auto& [name, value] : fields) {
    body->append("--").append(boundary);
    body->append("\r\nContent-Disposition: form-data; name=\"").append(name);
    body->append("\"\r\n\r\n").append(value).append("\r\n");
  }
  body->append("--").append(boundary);
  body->append("\r\nContent-Disposition: form-data; name=\"").append(file_field);
  body->append("\"; filename=\"").append(upload.file_name());
  body->append("\"\r\nContent-Type: ").append(upload.picture.media_type).append("\r\n\r\n");
  if (!append_decoded(*body, upload.picture.base64))
    return Error{ErrorKind::upstream, "the model's picture is not base64", ""};
  body->append("\r\n--").append(boundary).append("--\r\n");

  http::Request request;
  request.method = "POST";
  request.url = std::move(url);
  request.headers = {"content-type: multipart/form-data; boundary=" + boundary,
                     "accept: application/json"};
  request.body = std::move(body);
  return request;
}

}  // namespace gembal::images
